// The box office: every piece of the sale's work, and the calls to the payment provider that follow it.
//   1. the work is one transaction; a refusal undoes it
//   2. the call that it wrote is made after the commit, and what it brought is a second transaction
//   3. rights in memory are read again, then the asker is told
// Every second it looks for work that nobody finished: holds that are over, calls without an answer,
// payments that are not settled (payments.h, due()).
// Flow:   api/ -> ask(), change(), pay(); webhook route -> webhook(); timer -> look_for_work()
// Thread: methods from any loop; `done` is posted to `home`. The timer lives on the executor of start().
// Limits: ticketing/limits.h; the database's queue.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/executor.h"
#include "base/random.h"
#include "store/database.h"
#include "ticketing/entitlements/rights.h"
#include "ticketing/fault.h"
#include "ticketing/payments/payments.h"
#include "ticketing/payments/provider.h"

namespace butai::ticketing {

class BoxOffice {
 public:
  BoxOffice(store::Database& database, Provider& provider, Rights& rights, const Clock& clock,
            Random& random)
      : database_(database), provider_(provider), rights_(rights), clock_(clock), random_(random) {}

  template <class T>
  using Ask = std::move_only_function<Outcome<T>(Work&)>;
  template <class T>
  using Told = std::move_only_function<void(Outcome<T>)>;

  // Work that changes nothing that rights follow from.
  template <class T>
  void ask(Executor& home, Ask<T> work, Told<T> done) {
    run<T>(store::Lane::Sale, home, std::move(work), std::move(done));
  }
  // Work that writes nothing: it waits for no sale.
  template <class T>
  void see(Executor& home, Ask<T> work, Told<T> done) {
    run<T>(store::Lane::Looks, home, std::move(work), std::move(done));
  }
  // Work after which rights are read again before the asker is told.
  template <class T>
  void change(Executor& home, Ask<T> work, Told<T> done);
  // confirm(), cancel() or refund(), with the call that follows.
  void pay(Executor& home, Ask<Confirmed> work, Told<Order> done);

  using WebhookDone = std::move_only_function<void(std::expected<Verdict, WebhookFault>)>;
  void webhook(std::string_view signature, std::string_view body, Executor& home, WebhookDone done);

  // On `home`'s thread.
  void start(Executor& home);

  const Rights& rights() const { return rights_; }
  Provider& provider() { return provider_; }

 private:
  template <class T>
  void run(store::Lane lane, Executor& home, Ask<T> work, Told<T> done);
  void make(Call call, Executor& home, std::move_only_function<void()> done);
  void look_for_work();

  store::Database& database_;
  Provider& provider_;
  Rights& rights_;
  const Clock& clock_;
  Random& random_;
  Executor* home_ = nullptr;
  TimerHandle timer_;
};

template <class T>
void BoxOffice::run(store::Lane lane, Executor& home, Ask<T> work, Told<T> done) {
  auto refused = std::make_shared<std::optional<Fault>>();
  database_.run<Outcome<T>>(
      lane, home,
      [this, refused, work = std::move(work)](store::Session& session) mutable {
        const store::Moment moment(session);
        store::Sql sql(session);
        Work inside{sql, clock_.utc(), random_};
        Outcome<T> outcome = work(inside);
        if (!outcome) {
          *refused = outcome.error();
          throw store::Undo{};
        }
        return outcome;
      },
      [refused, done = std::move(done)](std::expected<Outcome<T>, store::Failure> told) mutable {
        if (told) return done(std::move(*told));
        done(std::unexpected(refused->value_or(fault_of(told.error()))));
      });
}

template <class T>
void BoxOffice::change(Executor& home, Ask<T> work, Told<T> done) {
  ask<T>(home, std::move(work), [this, &home, done = std::move(done)](Outcome<T> told) mutable {
    if (!told) return done(std::move(told));
    rights_.look(home, [done = std::move(done), told = std::move(told)]() mutable {
      done(std::move(told));
    });
  });
}

}  // namespace butai::ticketing
