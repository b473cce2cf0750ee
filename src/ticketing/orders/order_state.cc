#include "ticketing/orders/order_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace butai::ticketing {
namespace {

using enum OrderState;
using enum Trigger;

constexpr std::array kTransitions{
    Transition{Held, Confirm, PendingPayment},
    Transition{Held, ConfirmFree, Paid},
    Transition{Held, Cancel, Cancelled},
    Transition{Held, HoldOver, Expired},
    Transition{PendingPayment, Captured, Paid},
    Transition{PendingPayment, PaymentGone, Expired},
    Transition{PendingPayment, Cancel, Cancelled},
    Transition{Paid, Grant, Fulfilled},
    Transition{Paid, Returned, Refunded},
    Transition{Fulfilled, Returned, Refunded},
    Transition{Fulfilled, DisputeOpened, Disputed},
    Transition{Disputed, DisputeWon, Fulfilled},
    Transition{Disputed, Returned, Refunded},
    // The provider said that it could not be paid any more, and then it was.
    Transition{Expired, Captured, Paid},
    Transition{Cancelled, Captured, Paid},
};

constexpr std::array<std::string_view, kOrderStates> kStateNames{
    "held", "pending_payment", "paid", "fulfilled", "refunded", "expired", "cancelled", "disputed"};
constexpr std::array<std::string_view, 10> kTriggerNames{
    "confirm",  "confirm_free", "cancel",   "hold_over",      "payment_gone",
    "captured", "grant",        "returned", "dispute_opened", "dispute_won"};

}  // namespace

std::span<const Transition> transitions() { return kTransitions; }

std::string_view name_of(OrderState state) {
  return kStateNames.at(static_cast<std::size_t>(state));
}

std::string_view name_of(Trigger trigger) {
  return kTriggerNames.at(static_cast<std::size_t>(trigger));
}

std::optional<OrderState> order_state_of(std::string_view name) {
  const auto found = std::ranges::find(kStateNames, name);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<OrderState>(found - kStateNames.begin());
}

std::optional<OrderState> after(OrderState state, Trigger trigger) {
  for (const Transition& one : kTransitions) {
    if (one.from == state && one.trigger == trigger) return one.to;
  }
  return std::nullopt;
}

bool occupies(OrderState state) {
  switch (state) {
    case Held:
    case PendingPayment:
    case Fulfilled:
    case Disputed:
      return true;
    case Paid:  // a seat is its own only once it was granted one
    case Refunded:
    case Expired:
    case Cancelled:
      return false;
  }
  return false;
}

bool settled(OrderState state) { return state != Held && state != PendingPayment && state != Paid; }

std::string drawing() {
  std::string text = "stateDiagram-v2\n  [*] --> held\n";
  for (const Transition& one : kTransitions) {
    text +=
        fmt::format("  {} --> {}: {}\n", name_of(one.from), name_of(one.to), name_of(one.trigger));
  }
  return text;
}

}  // namespace butai::ticketing
