#include "ticketing/box_office.h"

#include "base/log.h"
#include "ticketing/letters.h"
#include "ticketing/limits.h"

namespace butai::ticketing {

void BoxOffice::pay(Executor& home, Ask<Confirmed> work, Told<Order> done) {
  ask<Confirmed>(
      home, std::move(work),
      [this, &home, done = std::move(done)](Outcome<Confirmed> told) mutable {
        if (!told) return done(std::unexpected(told.error()));
        auto finish = [this, &home, id = told->order.id, done = std::move(done)]() mutable {
          see<Order>(
              home,
              [id](Work& inside) -> Outcome<Order> {
                auto order = find_order(inside, id);
                if (!order) return std::unexpected(Fault::NotFound);
                return std::move(*order);
              },
              [this, &home, done = std::move(done)](Outcome<Order> order) mutable {
                rights_.look(home, [done = std::move(done), order = std::move(order)]() mutable {
                  done(std::move(order));
                });
              });
        };
        if (!told->call) return finish();
        make(std::move(*told->call), home, std::move(finish));
      });
}

void BoxOffice::make(Call call, Executor& home, std::move_only_function<void()> done) {
  provider_.call(call, home, [this, call, &home, done = std::move(done)](Answer answer) mutable {
    ask<bool>(
        home,
        [this, call, answer = std::move(answer)](Work& work) -> Outcome<bool> {
          settle(work, call, answer, provider_.live());
          return true;
        },
        [done = std::move(done)](Outcome<bool>) mutable { done(); });
  });
}

void BoxOffice::webhook(std::string_view signature, std::string_view body, Executor& home,
                        WebhookDone done) {
  const auto event = provider_.read_webhook(signature, body, clock_.utc());
  if (!event) return done(std::unexpected(event.error()));
  change<Verdict>(
      home,
      [this, event = *event](Work& work) -> Outcome<Verdict> {
        return learn(work, event, provider_.live());
      },
      [done = std::move(done)](Outcome<Verdict> verdict) mutable {
        // Not written: the provider sends it again.
        if (!verdict) return done(std::unexpected(WebhookFault::NotTaken));
        done(*verdict);
      });
}

void BoxOffice::start(Executor& home) {
  home_ = &home;
  look_for_work();
}

void BoxOffice::look_for_work() {
  ask<std::vector<Call>>(
      *home_,
      [](Work& work) -> Outcome<std::vector<Call>> {
        end_holds(work);
        remind(work);
        return due(work);
      },
      [this](Outcome<std::vector<Call>> calls) {
        if (calls) {
          for (Call& call : *calls) make(std::move(call), *home_, [] {});
        }
        rights_.look(*home_, [] {});
        timer_ = home_->after(kLookEvery, [this] { look_for_work(); });
      });
}

}  // namespace butai::ticketing
