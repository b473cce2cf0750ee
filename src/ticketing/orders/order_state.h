// The life of an order: one table of states and transitions. Pure; docs/design/orders.md is drawn from it.
//   held ─▶ pending_payment ─▶ paid ─▶ fulfilled ─▶ refunded | disputed          and the ways out
// What is not in the table does not happen: after() answers nothing, and the caller leaves the order alone.
// Flow:   orders.cc (buyer, clock), facts.cc (the provider's word) -> after()
// Thread: any.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace butai::ticketing {

enum class OrderState : std::uint8_t {
  Held,
  PendingPayment,
  Paid,  // only between two lines of one transaction, or when a late payment found no seat left
  Fulfilled,
  Refunded,
  Expired,
  Cancelled,
  Disputed,
};
inline constexpr std::size_t kOrderStates = 8;

enum class Trigger : std::uint8_t {
  Confirm,        // the buyer, something to pay
  ConfirmFree,    // the buyer, nothing to pay
  Cancel,         // the buyer, before anything was paid
  HoldOver,       // the clock
  PaymentGone,    // the provider: this payment can no longer be made
  Captured,       // the provider: the money is there
  Grant,          // we: tickets given, in the same transaction
  Returned,       // the provider: all of the money went back; or we, where there was none
  DisputeOpened,  // the provider
  DisputeWon,     // the provider
};

struct Transition {
  OrderState from;
  Trigger trigger;
  OrderState to;
};
std::span<const Transition> transitions();

std::string_view name_of(OrderState state);  // pending_payment
std::string_view name_of(Trigger trigger);
std::optional<OrderState> order_state_of(std::string_view name);

// Nothing: that does not happen in this state.
std::optional<OrderState> after(OrderState state, Trigger trigger);
// Whether its tickets are taken from the capacity and count for the account's limit.
bool occupies(OrderState state);
// Whether nothing more is expected to happen by itself.
bool settled(OrderState state);

// The table as a Mermaid state diagram.
std::string drawing();

}  // namespace butai::ticketing
