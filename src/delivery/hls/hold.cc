#include "delivery/hls/hold.h"

#include <chrono>
#include <utility>

#include "delivery/hls/reply.h"
#include "delivery/limits.h"
#include "delivery/shelf.h"

namespace butai::delivery::hls {

void send(net::Exchange& exchange, const Reply& reply) {
  if (const auto* ready = std::get_if<net::ReadyAnswerPtr>(&reply)) return exchange.give(*ready);
  exchange.respond(std::get<net::Response>(reply));
}

void Hold::wait(const Awaited& what, const Wish& wish, net::ExchangePtr exchange) {
  net::Exchange& asked = *exchange;
  const Steady until = clock_.steady() + kHoldMax;
  const auto ticket = waiting_.add(what, until, {wish, std::move(exchange)});
  if (!std::exchange(listening_, true)) view_.add(*this);
  if (!timeout_) timeout_ = loop_.after(kHoldMax, [this] { expire(); });
  asked.on_gone([this, ticket] {
    waiting_.remove(ticket);
    rest();
  });
}

void Hold::sweep() {
  Shelf& shelf = Shelf::of(view_, loop_, clock_);
  std::optional<Wish> last;  // most wish the same
  std::optional<Reply> reply;
  waiting_.release(
      [&](const Awaited& what) { return hls::reply(view_, shelf, what, Wish{}).has_value(); },
      [&, group = std::optional<Awaited>{}](const Awaited& what, Waiter waiter) mutable {
        if (group != what || last != waiter.wish) {
          group = what;
          last = waiter.wish;
          reply = hls::reply(view_, shelf, what, waiter.wish);
        }
        if (reply) send(*waiter.exchange, *reply);
      });
  rest();
}

void Hold::expire() {
  auto late = net::Response::problem(503, "nothing new came within 12 s; try again");
  late.headers.add("Retry-After", "1");
  const Steady now = clock_.steady();
  timeout_.reset();
  waiting_.expire(now, [&](const Waiter& waiter) { waiter.exchange->respond(late); });
  if (const auto next = waiting_.earliest(); next && !timeout_) {
    const auto left = std::chrono::ceil<Micros>(*next - now);
    timeout_ = loop_.after(left, [this] { expire(); });
  }
  rest();
}

void Hold::rest() {
  if (!waiting_.empty() || !std::exchange(listening_, false)) return;
  view_.remove(*this);
  timeout_.reset();
}

}  // namespace butai::delivery::hls
