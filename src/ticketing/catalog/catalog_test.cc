#include "ticketing/catalog/catalog.h"

#include <gtest/gtest.h>

namespace butai::ticketing {
namespace {

using std::chrono::hours;

const Utc kNow = utc_of(1'800'000'000'000'000);

Event event(EventState state, hours until_doors) {
  Event made;
  made.id = "ev_1";
  made.state = state;
  const Utc doors = kNow + until_doors;
  made.performances = {
      {"pf_1", "ev_1", {}, doors, doors + hours{1}, doors + hours{3}, {{"stage", {}}}}};
  TicketType type;
  type.sale_from = kNow - hours{1};
  type.sale_until = doors + hours{3};
  made.ticket_types = {type};
  return made;
}

TEST(EventState, goes_from_the_sale_to_the_end_by_the_clock) {
  EXPECT_EQ(state_at(event(EventState::OnSale, hours{2}), kNow), "on_sale");
  EXPECT_EQ(state_at(event(EventState::OnSale, hours{0}), kNow), "doors_open");
  EXPECT_EQ(state_at(event(EventState::OnSale, hours{-1}), kNow), "live");
  EXPECT_EQ(state_at(event(EventState::OnSale, hours{-3}), kNow), "ended");
}

TEST(EventState, is_announced_until_somebody_can_buy_whatever_the_doors_do) {
  EXPECT_EQ(state_at(event(EventState::Announced, hours{2}), kNow), "announced");
  EXPECT_EQ(state_at(event(EventState::Announced, hours{-1}), kNow), "announced");
  Event later = event(EventState::OnSale, hours{48});
  later.ticket_types.front().sale_from = kNow + hours{1};
  EXPECT_EQ(state_at(later, kNow), "announced");
  EXPECT_EQ(state_at(later, kNow + hours{1}), "on_sale");
}

TEST(EventState, what_is_over_is_over_for_everybody) {
  EXPECT_EQ(state_at(event(EventState::Announced, hours{-3}), kNow), "ended");
  EXPECT_EQ(state_at(event(EventState::Closed, hours{-1}), kNow), "closed");
  EXPECT_EQ(state_at(event(EventState::Draft, hours{-3}), kNow), "draft");
}

TEST(EventState, between_two_nights_tickets_are_sold_on) {
  Event two = event(EventState::OnSale, hours{-3});
  two.performances.push_back(two.performances.front());
  for (Utc* when :
       {&two.performances[1].doors, &two.performances[1].start, &two.performances[1].end}) {
    *when += hours{24};
  }
  EXPECT_EQ(state_at(two, kNow), "on_sale");
}

}  // namespace
}  // namespace butai::ticketing
