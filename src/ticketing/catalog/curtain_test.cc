#include "ticketing/catalog/curtain.h"

#include "ticketing/limits.h"
#include "ticketing/testing/half_house.h"
#include "ticketing/testing/shop.h"

namespace butai::ticketing {
namespace {

class CurtainTest : public testing::Shop {
 protected:
  void SetUp() override {
    Shop::SetUp();
    ASSERT_TRUE(rights.load());
  }
  // One look and all that follows from it.
  void look() {
    const std::size_t before = home.timers;
    curtain.start(home);
    ASSERT_TRUE(home.executor.wait([&] { return home.timers > before; }));
  }
  std::int64_t records() { return number("SELECT COUNT(*) FROM destruction"); }

  testing::Home home;
  std::unique_ptr<store::Database> second = open();
  testing::NoProvider provider;
  Rights rights{*second, time, [](std::string_view) { return std::uint64_t{1}; }};
  BoxOffice office{*second, provider, rights, time, random};
  testing::FakeStage stage;
  access::RecordKey key{access::Secret("CNRY-curtain-0123456789abcdef0123456789abcdef")};
  Curtain curtain{office, stage, key, time};
};
BUTAI_EACH_STORE(CurtainTest);

TEST_P(CurtainTest, tells_then_destroys_then_writes_it_down_once) {
  const auto performance = event.performances.front();
  time.advance(performance.end + kToldAfterEnd - time.utc() - Seconds{1});
  look();
  EXPECT_EQ(stage.heard, "");
  time.advance(Seconds{1});
  look();
  look();
  EXPECT_EQ(stage.heard, "end stage; ");
  EXPECT_EQ(records(), 0);
  time.advance(kAfterEnd - kToldAfterEnd);
  look();
  EXPECT_EQ(stage.heard, "end stage; purge stage; forget stage; open stage; ");
  EXPECT_EQ(records(), 1);
  look();
  EXPECT_EQ(records(), 1);
  EXPECT_EQ(stage.heard, "end stage; purge stage; forget stage; open stage; ");
}

TEST_P(CurtainTest,
       keys_that_could_not_be_destroyed_are_tried_again_and_what_was_purged_is_not_forgotten) {
  time.advance(event.performances.front().end + kAfterEnd - time.utc());
  stage.fails = true;
  look();
  EXPECT_EQ(records(), 0);
  EXPECT_EQ(stage.heard, "purge stage; ");
  look();
  EXPECT_EQ(records(), 1);
  EXPECT_EQ(
      number("SELECT COUNT(*) FROM destruction WHERE record LIKE '%\"segments_in_memory\":24%'"),
      1);
}

TEST_P(CurtainTest, another_node_that_was_quicker_has_written_it_already) {
  time.advance(event.performances.front().end + kAfterEnd - time.utc());
  look();
  stage.heard.clear();
  Curtain other(office, stage, key, time);
  const std::size_t before = home.timers;
  other.start(home);
  ASSERT_TRUE(home.executor.wait([&] { return home.timers > before; }));
  EXPECT_EQ(stage.heard, "");
  EXPECT_EQ(records(), 1);
}

TEST_P(CurtainTest, a_longer_night_is_destroyed_at_its_new_end) {
  work<bool>([&](Work& w) -> Outcome<bool> {
    return delay(w, event.performances.front().id, 30, Delayed::End).has_value();
  });
  ASSERT_TRUE(rights.load());
  time.advance(event.performances.front().end + kAfterEnd - time.utc());
  look();
  EXPECT_EQ(stage.heard, "");
  time.advance(std::chrono::minutes{30});
  look();
  EXPECT_EQ(records(), 1);
}

}  // namespace
}  // namespace butai::ticketing
