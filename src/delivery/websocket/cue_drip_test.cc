#include "delivery/websocket/cue_drip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/limits.h"
#include "media/testing/tracks.h"

namespace butai::delivery::websocket {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kOrigin = 1'800'000'000;

class CueDripTest : public ::testing::Test {
 protected:
  CueDripTest() {
    auto presentation = std::make_shared<live::Presentation>();
    presentation->number = 1;
    presentation->renditions.push_back({"video", media::testing::video_track(), "", {}});
    view.apply(live::PackageEvent{live::PresentationPtr(presentation)});
    edge_at(0);
  }
  void edge_at(double seconds) {
    auto chunk = std::make_shared<live::Chunk>();
    chunk->start = {kOrigin * 90'000 + static_cast<std::int64_t>(seconds * 90'000), 90'000};
    chunk->duration = {0, 90'000};
    view.apply(live::PackageEvent{live::ChunkPtr(chunk)});
  }
  static live::Cue cue(double start, std::string text) {
    const Utc at = utc_of(kOrigin * 1'000'000 + static_cast<std::int64_t>(start * 1e6));
    return {at, at + Seconds{2}, "ja", std::move(text)};
  }
  live::Cues add(live::Cues cues) {
    view.apply(std::make_shared<const live::Cues>(cues));
    return cues;
  }

  live::ChannelView view{"main", live::Latency::Realtime};
  CueDrip drip{view};
};

TEST_F(CueDripTest, tells_each_cue_once_when_it_comes_within_reach) {
  add({cue(1, "one"), cue(25, "two"), cue(3600, "three")});
  EXPECT_THAT(drip.due(), ElementsAre(HasSubstr("\"one\"")));
  EXPECT_THAT(drip.due(), IsEmpty());
  edge_at(10);
  EXPECT_THAT(drip.due(), ElementsAre(HasSubstr("\"two\"")));
}

TEST_F(CueDripTest, tells_at_once_what_comes_for_now) {
  drip.due();
  EXPECT_THAT(drip.fresh(add({cue(1, "now"), cue(100, "later")})),
              ElementsAre(HasSubstr("\"now\"")));
}

TEST_F(CueDripTest, tells_a_newcomer_what_is_seen_and_what_the_others_know) {
  add({cue(-5, "over"), cue(-1, "seen"), cue(5, "soon"), cue(100, "later")});
  EXPECT_THAT(drip.known(), IsEmpty());
  drip.due();
  EXPECT_THAT(drip.known(), ElementsAre(HasSubstr("\"seen\""), HasSubstr("\"soon\"")));
}

}  // namespace
}  // namespace butai::delivery::websocket
