#include "ticketing/orders/order_state.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

namespace butai::ticketing {
namespace {

TEST(OrderState, no_trigger_leads_to_two_states) {
  std::set<std::pair<OrderState, Trigger>> seen;
  for (const Transition& one : transitions()) {
    EXPECT_TRUE(seen.emplace(one.from, one.trigger).second)
        << name_of(one.from) << " " << name_of(one.trigger);
    EXPECT_EQ(after(one.from, one.trigger), one.to);
  }
}

TEST(OrderState, names_are_read_back) {
  for (std::size_t i = 0; i < kOrderStates; ++i) {
    const auto state = static_cast<OrderState>(i);
    EXPECT_EQ(order_state_of(name_of(state)), state);
  }
  EXPECT_FALSE(order_state_of("sold"));
}

TEST(OrderState, what_is_not_in_the_table_does_not_happen) {
  EXPECT_FALSE(after(OrderState::Refunded, Trigger::Captured));
  EXPECT_FALSE(after(OrderState::Fulfilled, Trigger::Cancel));
  EXPECT_FALSE(after(OrderState::Held, Trigger::Returned));
}

TEST(OrderState, refunded_is_the_end) {
  for (const Transition& one : transitions()) EXPECT_NE(one.from, OrderState::Refunded);
}

TEST(OrderState, is_drawn_in_the_documents_as_it_is) {
  std::ifstream file(BUTAI_SOURCE_DIR "/docs/design/orders.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(text.find("```mermaid\n" + drawing() + "```"), std::string::npos)
      << "docs/design/orders.md must contain:\n```mermaid\n"
      << drawing() << "```";
}

}  // namespace
}  // namespace butai::ticketing
