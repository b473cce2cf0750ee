#include "live/channels.h"

#include <gtest/gtest.h>

#include "base/testing/manual_time.h"
#include "live/limits.h"

namespace butai::live {
namespace {

constexpr std::uint32_t kTimescale = 90'000;

class ChannelsTest : public ::testing::Test {
 protected:
  void open_with_segments(int count) {
    channels.with_channel("stage", Channels::IfMissing::Open, [count](Channel* channel) {
      ASSERT_NE(channel, nullptr);
      Presentation presentation;
      presentation.number = 1;
      presentation.renditions.push_back(
          {.name = "video", .track = {}, .codecs = "avc1.64001f", .init = {}});
      channel->publish(std::make_shared<const Presentation>(presentation));
      for (int i = 0; i < count; ++i) publish_segment(*channel, i);
    });
    run();
  }
  static std::weak_ptr<const Chunk> publish_segment(Channel& channel, int i) {
    Chunk chunk;
    chunk.start = {2 * i * static_cast<std::int64_t>(kTimescale), kTimescale};
    chunk.duration = {2 * kTimescale, kTimescale};
    chunk.bytes = Bytes(std::vector<std::uint8_t>(100));
    const auto shared = std::make_shared<const Chunk>(chunk);
    channel.publish(
        SegmentOpened{chunk.track, static_cast<std::uint64_t>(i), chunk.start, 1, false});
    channel.publish(shared);
    channel.publish(SegmentClosed{chunk.track, chunk.duration});
    return shared;
  }
  // While the channel's loop runs and the other does not.
  void publish_more(int from, int to) {
    channels.with_channel("stage", Channels::IfMissing::Leave, [from, to](Channel* channel) {
      for (int i = from; i < to; ++i) publish_segment(*channel, i);
    });
    home().run();
  }
  butai::testing::ManualTime& home() {
    return std::hash<std::string>{}("stage") % 2 == 0 ? first : second;
  }
  butai::testing::ManualTime& away() { return &home() == &first ? second : first; }
  std::size_t away_index() { return &away() == &first ? 0 : 1; }
  std::optional<ChannelView::Held> purge() {
    std::optional<ChannelView::Held> purged;
    channels.purge("stage", first, [&purged](ChannelView::Held held) { purged = held; });
    run();
    return purged;
  }
  void run() {
    for (int i = 0; i < 8; ++i) {
      first.run();
      second.run();
    }
  }

  butai::testing::ManualTime first, second;  // two loops
  Channels channels{
      {&first, &second},
      first,
      [](Channel&) {},
      [](const std::string& name) {
        return std::optional(ChannelOptions{.name = name, .origin = Origin::Configured});
      }};
};

TEST_F(ChannelsTest, what_is_purged_is_gone_on_every_loop_and_counted_once) {
  open_with_segments(3);
  ASSERT_NE(channels.find_view(0, "stage"), nullptr);
  const auto purged = purge();
  ASSERT_TRUE(purged);
  EXPECT_EQ(purged->segments, 3u);
  EXPECT_EQ(purged->bytes, 300u);
  EXPECT_EQ(channels.find_view(0, "stage"), nullptr);
  EXPECT_EQ(channels.find_view(1, "stage"), nullptr);
}

TEST_F(ChannelsTest, a_channel_that_ended_before_is_purged_as_well) {
  open_with_segments(2);
  channels.with_channel("stage", Channels::IfMissing::Leave,
                        [](Channel* channel) { channel->end(); });
  run();
  ASSERT_NE(channels.find_view(1, "stage"), nullptr) << "players read its ENDLIST";
  EXPECT_EQ(purge()->segments, 2u);
  EXPECT_EQ(channels.find_view(1, "stage"), nullptr);
}

TEST_F(ChannelsTest, viewers_who_wait_for_a_channel_keep_their_view) {
  struct Waiting final : ViewListener {
  } viewer;
  channels.view(0, "stage").add(viewer);
  EXPECT_EQ(purge()->segments, 0u);
  ASSERT_NE(channels.find_view(0, "stage"), nullptr);
  EXPECT_TRUE(channels.find_view(0, "stage")->has_listeners());
  channels.view(0, "stage").remove(viewer);
}

TEST_F(ChannelsTest, it_opens_again_empty) {
  open_with_segments(2);
  purge();
  open_with_segments(1);
  EXPECT_EQ(channels.find_view(0, "stage")->held().segments, 1u);
}

TEST_F(ChannelsTest, who_looks_sees_all_of_it_although_his_loop_was_not_woken) {
  open_with_segments(1);
  publish_more(1, 6);
  EXPECT_EQ(channels.find_view(away_index(), "stage")->held().segments, 6u);
  EXPECT_EQ(channels.view(1 - away_index(), "stage").held().segments, 6u);
}

TEST_F(ChannelsTest, who_listens_is_told_of_each) {
  struct Counting final : ViewListener {
    void on_chunk() override { ++chunks; }
    int chunks = 0;
  } viewer;
  open_with_segments(1);
  publish_more(1, 4);
  ChannelView& view = channels.view(away_index(), "stage");
  view.add(viewer);
  EXPECT_EQ(viewer.chunks, 0) << "what came before is in the view";
  EXPECT_EQ(view.held().segments, 4u);
  publish_more(4, 7);
  away().run();
  EXPECT_EQ(viewer.chunks, 3);
  view.remove(viewer);
  publish_more(7, 9);
  away().run();
  EXPECT_EQ(viewer.chunks, 3);
  EXPECT_EQ(channels.find_view(away_index(), "stage")->held().segments, 9u);
}

TEST_F(ChannelsTest, where_nobody_looks_no_more_is_kept_than_elsewhere) {
  open_with_segments(0);
  std::weak_ptr<const Chunk> early;
  channels.with_channel("stage", Channels::IfMissing::Leave, [&early](Channel* channel) {
    early = publish_segment(*channel, 0);
    const int many = static_cast<int>(kSegmentsKept + kUpdatesWaitingMax);
    for (int i = 1; i < many; ++i) publish_segment(*channel, i);
  });
  run();
  EXPECT_TRUE(early.expired());
}

}  // namespace
}  // namespace butai::live
