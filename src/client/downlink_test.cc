#include "client/downlink.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdint>

#include "base/testing/manual_time.h"
#include "client/testing/fake_socket.h"
#include "client/testing/samples.h"
#include "media/cmaf_writer.h"
#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::client {
namespace {

using testing::Coded;

class DownlinkTest : public ::testing::Test {
 protected:
  std::unique_ptr<Downlink> make(ViewFormat format) {
    Downlink::Hooks hooks;
    hooks.save = [this](ByteView bytes) { saved.append(as_text(bytes)); };
    hooks.first_frame = [this] { ++first_frames; };
    hooks.keys = [this](const std::vector<std::string>& named) { kids = named; };
    hooks.encrypted = [this](const media::Track& track, const Bytes& bytes) {
      encrypted.emplace_back(track.protection->kid, bytes.size());
    };
    hooks.moved = [this](const std::string& url, Millis) { moved = url; };
    hooks.ended = [this](Ending e) { ending = std::move(e); };
    return std::make_unique<Downlink>(time, format, time.steady(), seen, hooks);
  }
  void init(Downlink& link, Utc edge, const std::vector<media::Track>& tracks) {
    link.on_text(
        fmt::format(R"({{"type":"init","mime":"","tracks":[],"edge":{},"protection":"none"}})",
                    micros_of(edge)));
    link.on_binary(media::write_init(tracks));
  }
  Bytes chunk(int index, Coded coded) {
    media::Frame frame = testing::video_frame(start, index, coded);
    frame.duration = 3000;
    return media::write_chunk(testing::video_track(), {&frame, 1}, 1);
  }

  butai::testing::ManualTime time;
  const Utc start = time.utc();
  Seen seen;
  testing::FakeSocket socket;
  std::string saved, moved;
  std::vector<std::string> kids;
  std::vector<std::pair<media::KeyId, std::size_t>> encrypted;
  int first_frames = 0;
  std::optional<Ending> ending;
};

TEST_F(DownlinkTest, names_the_keys_of_a_protected_channel_for_their_licenses) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_text(R"({"type":"init","protection":{"scheme":"cbcs","keys":[{"track":1,"kid":"aa"},)"
                R"({"track":2,"kid":"bb","next":"cc"}]}})");
  EXPECT_EQ(seen.protection, "cbcs");
  EXPECT_EQ(kids, (std::vector<std::string>{"aa", "bb"}));
  kids.clear();
  for (const std::string_view odd :
       {R"({"type":"init","protection":{"scheme":7,"keys":{}}})",
        R"({"type":"init","protection":[]})",
        R"({"type":"init","protection":{"scheme":"cbcs","keys":[]}})", R"({"type":"init"})"}) {
    link->on_text(odd);
  }
  EXPECT_TRUE(kids.empty());
}

TEST_F(DownlinkTest, counts_frames_bytes_and_the_time_to_the_first_one) {
  const auto link = make(ViewFormat::Cmaf);
  time.advance(Millis{20});
  link->on_open(socket);
  init(*link, start, {testing::video_track()});
  time.advance(Millis{30});
  const Bytes key = chunk(0, Coded::Key);
  link->on_binary(key);
  link->on_binary(chunk(1, Coded::Delta));
  EXPECT_EQ(seen.connect, Millis{20});
  EXPECT_EQ(seen.first_frame, Millis{50});
  EXPECT_EQ(first_frames, 1);
  EXPECT_EQ(seen.frames, 2u);
  EXPECT_EQ(seen.inits, 1u);
  EXPECT_EQ(seen.bytes, saved.size());
  EXPECT_EQ(seen.width, 64u);
  EXPECT_EQ(seen.codecs, std::vector<std::string>{"avc1.42c00a"});
  EXPECT_EQ(seen.jumps + seen.gaps + seen.out_of_order + seen.unreadable, 0u);
}

TEST_F(DownlinkTest, latency_is_counted_from_the_edge_on) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  time.advance(Seconds{1});
  init(*link, start + Seconds{1}, {testing::video_track()});
  for (int i = 0; i < 30; ++i) link->on_binary(chunk(i, i == 0 ? Coded::Key : Coded::Delta));
  EXPECT_EQ(seen.latency.count(), 0u) << "a second old, because it started a second ago";
  time.advance(Millis{40});
  link->on_binary(chunk(30, Coded::Key));
  ASSERT_EQ(seen.latency.count(), 1u);
  EXPECT_NEAR(static_cast<double>(seen.latency.max().count()), 40'000, 2);
}

TEST_F(DownlinkTest, without_prft_the_capture_time_is_read_from_the_picture) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  init(*link, start, {testing::video_track()});
  media::Frame frame = testing::video_frame(start, 0, Coded::Key);
  frame.duration = 3000;
  frame.data = *media::with_capture_sei(frame.data, start);
  frame.captured = {};
  time.advance(Millis{7});
  link->on_binary(media::write_chunk(testing::video_track(), {&frame, 1}, 1));
  EXPECT_EQ(seen.latency.max(), Millis{7});
  EXPECT_EQ(seen.unstamped, 0u);
}

TEST_F(DownlinkTest, chunks_of_a_protected_track_are_handed_on_and_their_latency_is_known) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  media::Track track = testing::video_track();
  track.protection = media::TrackProtection{.scheme = media::Scheme::Cbcs, .kid = {7}};
  init(*link, start, {track});
  media::Frame frame = testing::video_frame(start, 0, Coded::Key);
  frame.duration = 3000;
  frame.data = *media::with_capture_sei(frame.data, start);
  media::ChunkAuxiliary told;
  told.samples = {{0, 1}};
  told.subsamples = {{static_cast<std::uint16_t>(frame.data.size() - 50), 50}};
  frame.captured = {};  // no prft: the SEI in the picture stays clear
  time.advance(Millis{9});
  link->on_binary(Bytes(media::lay_out_chunk(track, {&frame, 1}, 1, told).bytes));
  ASSERT_EQ(encrypted.size(), 1u);
  EXPECT_EQ(encrypted.front().first, track.protection->kid);
  EXPECT_EQ(seen.latency.max(), Millis{9});
  EXPECT_EQ(seen.frames, 1u);
}

TEST_F(DownlinkTest, frames_without_capture_time_are_told_apart) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  init(*link, start, {testing::video_track()});
  media::Frame frame = testing::video_frame(start, 0, Coded::Key);
  frame.duration = 3000;
  frame.captured = {};
  link->on_binary(media::write_chunk(testing::video_track(), {&frame, 1}, 1));
  EXPECT_EQ(seen.unstamped, 1u);
  EXPECT_EQ(seen.latency.count(), 0u);
}

TEST_F(DownlinkTest, a_hole_that_nobody_announced_is_a_jump_and_an_announced_one_a_gap) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  init(*link, start, {testing::video_track()});
  link->on_binary(chunk(0, Coded::Key));
  link->on_binary(chunk(20, Coded::Key));
  EXPECT_EQ(seen.jumps, 1u);
  link->on_text(R"({"type":"gap","from":1,"to":2,"why":"slow"})");
  link->on_binary(chunk(60, Coded::Key));
  EXPECT_EQ(seen.jumps, 1u);
  EXPECT_EQ(seen.gaps, 1u);
  link->on_binary(chunk(59, Coded::Delta));
  EXPECT_EQ(seen.out_of_order, 1u);
}

TEST_F(DownlinkTest, a_picture_before_the_first_key_frame_starts_nothing) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  init(*link, start, {testing::video_track()});
  link->on_binary(chunk(0, Coded::Delta));
  EXPECT_EQ(first_frames, 0);
  link->on_binary(chunk(1, Coded::Key));
  EXPECT_EQ(first_frames, 1);
}

TEST_F(DownlinkTest, sound_does_not_count_as_picture) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  init(*link, start, {testing::video_track(), testing::audio_track()});
  media::Frame frame = testing::audio_frame(start, 0);
  frame.duration = 1024;
  link->on_binary(media::write_chunk(testing::audio_track(), {&frame, 1}, 1));
  EXPECT_EQ(seen.sounds, 1u);
  EXPECT_EQ(seen.frames, 0u);
  EXPECT_EQ(first_frames, 0);
}

TEST_F(DownlinkTest, garbage_is_counted_and_survived) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  link->on_binary(chunk(0, Coded::Key));  // before any init
  link->on_text(R"({"type":"init"})");
  link->on_binary(Bytes::copy_of("not a moov"));
  link->on_binary(Bytes::copy_of("not a moof"));
  link->on_text("}{");
  link->on_text(R"({"type":7})");
  EXPECT_EQ(seen.unreadable, 3u);
  EXPECT_EQ(seen.frames, 0u);
}

TEST_F(DownlinkTest, pictures_are_checked_for_order_and_the_first_is_not_live) {
  const auto link = make(ViewFormat::Jpeg);
  link->on_open(socket);
  const auto stamped = [this](int millis) {
    return media::add_capture_comment(testing::picture(1), start + Millis{millis});
  };
  time.advance(Millis{500});
  link->on_binary(stamped(0));  // half a second old: it was the newest
  time.advance(Millis{5});
  link->on_binary(stamped(502));
  EXPECT_EQ(seen.latency.count(), 1u);
  EXPECT_EQ(seen.latency.max(), Millis{3});
  link->on_binary(stamped(501));
  EXPECT_EQ(seen.out_of_order, 1u);
  link->on_binary(Bytes::copy_of("GIF89a"));
  EXPECT_EQ(seen.unreadable, 1u);
  EXPECT_EQ(seen.frames, 3u);
  EXPECT_EQ(first_frames, 1);
}

TEST_F(DownlinkTest, the_end_says_why_and_where_to_go) {
  const auto link = make(ViewFormat::Cmaf);
  link->on_open(socket);
  link->on_text(R"({"type":"moved","url":"wss://other/live/main/ws","after_ms":1500})");
  EXPECT_EQ(moved, "wss://other/live/main/ws");
  link->on_close(1001, "stopping");
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->code, 1001);
  EXPECT_EQ(ending->reason, "stopping");
  EXPECT_EQ(ending->moved_to, "wss://other/live/main/ws");
}

}  // namespace
}  // namespace butai::client
