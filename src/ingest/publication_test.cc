#include "ingest/publication.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/testing/manual_time.h"
#include "ingest/limits.h"
#include "live/limits.h"
#include "media/testing/tracks.h"

namespace butai::ingest {
namespace {

using media::testing::audio_frame;
using media::testing::audio_track;
using media::testing::video_frame;
using media::testing::video_track;

struct Remembering final : Connection {
  void dismissed(live::Dismissal) override { ++dismissals; }
  void consumed(std::size_t bytes) override { taken += bytes; }
  void complain(std::string) override {}
  void instruct(live::Instruction, live::InstructionDone) override {}
  int dismissals = 0;
  std::size_t taken = 0;
};

struct Reader final : live::FrameReader {
  explicit Reader(std::vector<media::Frame>& f) : frames(f) {}
  void on_tracks(const std::vector<media::Track>&) override {}
  void on_frame(const media::Frame& frame) override { frames.push_back(frame); }
  void on_discontinuity() override {}
  std::vector<media::Frame>& frames;
};

class PublicationTest : public ::testing::Test {
 protected:
  PublicationTest() {
    channel.attach(std::make_unique<Reader>(frames));
    publication =
        *Publication::begin(channel, live::InputSlot::A, "studio", loop, time,
                            {.worker_executable = "there-is-none", .encoding = {}}, connection);
    publication->push_items({std::vector{video_track(), audio_track()}});
  }
  void push(media::Frame frame) {
    std::vector<MediaItem> items;
    items.emplace_back(std::move(frame));
    publication->push_items(std::move(items));
  }
  static constexpr std::size_t kLarge = 20'000;  // bytes
  static media::Frame large(media::Frame frame) {
    frame.data = Bytes(std::vector<std::uint8_t>(kLarge));
    return frame;
  }
  static media::Frame sound(std::int64_t dts) {
    media::Frame frame = audio_frame(dts);
    frame.duration = 1024;
    return frame;
  }
  // How long the reader's pictures are apart, in ticks of 90 kHz.
  std::vector<std::int64_t> steps() const {
    std::vector<std::int64_t> out;
    const media::Frame* last = nullptr;
    for (const media::Frame& frame : frames) {
      if (frame.track != media::kVideoTrack) continue;
      if (last != nullptr) out.push_back(frame.dts - last->dts);
      last = &frame;
    }
    return out;
  }

  butai::testing::ManualTime time;
  net::Loop loop{0};
  std::vector<media::Frame> frames;
  live::Channel channel{{.name = "main"}, time, time, {[](live::Update) {}, [](const auto&) {}}};
  std::shared_ptr<Remembering> connection = std::make_shared<Remembering>();
  std::shared_ptr<Publication> publication;
};

TEST_F(PublicationTest, frames_go_to_the_channel_as_they_are) {
  push(video_frame(0, true));
  push(audio_frame(0));
  push(video_frame(3000, false));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].data.text(), video_frame(0, true).data.text());
}

TEST_F(PublicationTest, what_was_taken_is_told_in_steps) {
  push(large(video_frame(0, true)));
  EXPECT_EQ(connection->taken, 0u);
  std::size_t came = kLarge;
  for (std::int64_t dts = 3000; came < kConsumedStep; dts += 3000, came += kLarge) {
    push(large(video_frame(dts, false)));
  }
  EXPECT_EQ(connection->taken, came);
}

TEST_F(PublicationTest, frames_that_come_faster_than_they_play_wait_until_there_is_room) {
  push(video_frame(0, true));
  const int pushed = 30 * 30;
  for (int i = 1; i < pushed; ++i) push(large(video_frame(3000 * i, false)));
  EXPECT_GT(connection->taken, 0u);
  EXPECT_LT(connection->taken, kLarge * pushed / 2) << "its sender is slowed down";
  for (int i = 0; i < pushed; ++i) {
    time.advance(Micros{33'334});
    push(video_frame(3000 * (pushed + i), false));
  }
  EXPECT_GT(frames.size(), 30u * 20);
  for (const std::int64_t step : steps()) EXPECT_EQ(step, 3000);
}

TEST_F(PublicationTest, what_the_worker_makes_goes_on_where_the_passed_frames_ended) {
  const std::int64_t base = 5'000;  // milliseconds
  const std::int64_t first = base * 90;
  for (int i = 0; i < 4; ++i) push(video_frame(first + 3000 * i, i == 0));
  push(sound(base * 48));
  push(sound(base * 48 + 1024));
  publication->push_items({Handover{base}, Bytes({'F', 'L', 'V', 1})});
  publication->on_tracks({video_track(), audio_track()});
  frames.clear();
  // The worker begins with the group again, in times of its own; its sound is rounded anew.
  for (int i = 0; i < 4; ++i) publication->on_frame(video_frame(3000 * i, i == 0));
  publication->on_frame(sound(0));
  publication->on_frame(sound(1024 + 20));
  EXPECT_TRUE(frames.empty()) << "viewers have these";
  publication->on_frame(video_frame(3000 * 4, true));
  publication->on_frame(video_frame(3000 * 5, false));
  publication->on_frame(sound(2048 + 20));
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(steps(), std::vector<std::int64_t>{3000});
}

TEST_F(PublicationTest, after_the_end_it_leaves_when_everything_has_played) {
  push(video_frame(0, true));
  for (int i = 1; i < 60; ++i) push(video_frame(3000 * i, false));
  publication->end();
  EXPECT_TRUE(channel.status().inputs[0].connected);
  time.advance(Micros{2'500'000});
  EXPECT_EQ(frames.size(), 60u);
  loop.post([this] { loop.stop(); });
  loop.run();
  EXPECT_FALSE(channel.status().inputs[0].connected);
}

}  // namespace
}  // namespace butai::ingest
