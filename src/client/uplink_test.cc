#include "client/uplink.h"

#include <gmock/gmock.h>

#include "base/testing/manual_time.h"
#include "client/limits.h"
#include "client/testing/fake_socket.h"
#include "client/testing/samples.h"
#include "media/box_reader.h"
#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::client {
namespace {

using ::testing::AllOf;
using testing::Coded;
using ::testing::HasSubstr;

struct Heard final : UplinkListener {
  void on_connected() override { ++connected; }
  void on_key_frame_wanted() override { ++key_frames; }
  void on_told(std::string_view sentence) override { told.emplace_back(sentence); }
  void on_disconnected(std::uint16_t code, std::string_view) override { gone = code; }
  int connected = 0, key_frames = 0;
  std::uint16_t gone = 0;
  std::vector<std::string> told;
};

class UplinkTest : public ::testing::Test {
 protected:
  media::Frame frame(Coded coded, std::size_t bytes = 100) {
    return testing::video_frame(start, index++, coded, bytes);
  }
  void open_with_video() {
    uplink.set_tracks({testing::video_track()});
    uplink.on_open(socket);
  }
  std::size_t sent() const { return socket.binaries.size(); }

  butai::testing::ManualTime time;
  const Utc start = time.utc();
  int index = 0;
  UplinkTotals totals;
  Heard heard;
  testing::FakeSocket socket;
  Uplink uplink{time, totals, heard};
};

TEST_F(UplinkTest, says_hello_first_and_resumes_by_the_name_it_was_given) {
  uplink.on_open(socket);
  ASSERT_EQ(socket.texts.size(), 1u);
  EXPECT_THAT(socket.texts[0], HasSubstr(R"("type":"hello")"));
  EXPECT_THAT(socket.texts[0], Not(HasSubstr("resume")));
  uplink.on_text(R"({"type":"welcome","resume":"main-a","channel":"main","input":"a"})");

  Uplink second(time, totals, heard);
  second.on_open(socket);
  EXPECT_THAT(socket.texts[1], HasSubstr(R"("resume":"main-a")"));
}

TEST_F(UplinkTest, a_connection_starts_with_init_and_a_key_frame) {
  open_with_video();
  EXPECT_EQ(heard.key_frames, 1) << "asked for, not waited for";
  ASSERT_EQ(sent(), 1u);
  EXPECT_TRUE(media::parse_init(socket.binaries[0]));

  uplink.send_frame(frame(Coded::Delta));
  EXPECT_EQ(sent(), 1u) << "nothing could decode it";
  uplink.send_frame(frame(Coded::Key));
  uplink.send_frame(frame(Coded::Delta));
  ASSERT_EQ(sent(), 3u);
  EXPECT_EQ(totals.frames, 2u);
  EXPECT_EQ(totals.dropped, 1u);
}

TEST_F(UplinkTest, each_frame_is_one_chunk_with_time_duration_and_capture_time) {
  open_with_video();
  const media::Frame key = frame(Coded::Key);
  uplink.send_frame(key);
  const auto chunk = media::parse_chunk(socket.binaries.at(1));
  ASSERT_TRUE(chunk);
  EXPECT_EQ(chunk->base_decode_time, key.dts);
  ASSERT_EQ(chunk->samples.size(), 1u);
  EXPECT_EQ(chunk->samples[0].duration, 3000) << "predicted from 30 a second";
  EXPECT_TRUE(chunk->samples[0].sync);
  EXPECT_LE(std::abs((chunk->captured - key.captured).count()), 1) << "prft counts in 2^-32 s";
  EXPECT_EQ(media::find_capture(chunk->samples[0].bytes), key.captured);
}

TEST_F(UplinkTest, a_capture_time_that_the_source_wrote_is_kept) {
  open_with_video();
  media::Frame key = frame(Coded::Key);
  const Utc earlier = key.captured - Seconds{1};
  key.data = *media::with_capture_sei(key.data, earlier);
  uplink.send_frame(key);
  const auto chunk = media::parse_chunk(socket.binaries.at(1));
  EXPECT_EQ(media::find_capture(chunk->samples[0].bytes), earlier);
}

TEST_F(UplinkTest, sound_waits_for_the_first_picture_and_then_goes_its_own_way) {
  uplink.set_tracks({testing::video_track(), testing::audio_track()});
  uplink.on_open(socket);
  uplink.send_frame(testing::audio_frame(start, 0));
  EXPECT_EQ(sent(), 1u);
  uplink.send_frame(frame(Coded::Key));
  uplink.send_frame(testing::audio_frame(start, 1));
  ASSERT_EQ(sent(), 3u);
  const auto chunk = media::parse_chunk(socket.binaries[2]);
  EXPECT_EQ(chunk->track, media::kAudioTrack);
  EXPECT_EQ(chunk->samples[0].duration, 1024);
  EXPECT_EQ(totals.sounds, 1u);
}

TEST_F(UplinkTest, tracks_that_change_are_announced_again_and_same_ones_are_not) {
  open_with_video();
  uplink.send_frame(frame(Coded::Key));
  uplink.set_tracks({testing::video_track()});
  EXPECT_EQ(sent(), 2u);
  uplink.set_tracks({testing::video_track(), testing::audio_track()});
  ASSERT_EQ(sent(), 3u);
  EXPECT_EQ(media::parse_init(socket.binaries[2])->size(), 2u);
  uplink.send_frame(frame(Coded::Delta));
  EXPECT_EQ(sent(), 3u) << "a new start needs a key frame";
}

TEST_F(UplinkTest, drops_to_the_next_key_frame_when_the_line_is_slow_and_asks_for_one) {
  open_with_video();
  uplink.send_frame(frame(Coded::Key));
  socket.unsent_bytes = kUnsentBytesMin + 1;
  for (int i = 0; i < 10; ++i) uplink.send_frame(frame(Coded::Delta));
  EXPECT_EQ(sent(), 2u);
  EXPECT_EQ(totals.dropped, 10u);

  const int asked = heard.key_frames;
  socket.unsent_bytes = 0;
  uplink.on_drained();
  EXPECT_EQ(heard.key_frames, asked + 1);
  uplink.send_frame(frame(Coded::Delta));
  EXPECT_EQ(sent(), 2u);
  uplink.send_frame(frame(Coded::Key));
  EXPECT_EQ(sent(), 3u);
  uplink.on_drained();
  EXPECT_EQ(heard.key_frames, asked + 1) << "nothing is missing any more";
}

TEST_F(UplinkTest, a_picture_carries_its_capture_time) {
  uplink.on_open(socket);
  uplink.send_picture(testing::picture(1), start);
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(media::inspect_jpeg(socket.binaries[0], kMessageBytesMax)->captured, start);
  const Bytes stamped = socket.binaries[0];
  uplink.send_picture(stamped, start + Seconds{1});
  EXPECT_EQ(socket.binaries[1].text(), stamped.text()) << "who stamped it first knows better";
}

TEST_F(UplinkTest, on_a_slow_line_the_newest_picture_waits_and_the_oldest_are_lost) {
  uplink.on_open(socket);
  socket.unsent_bytes = kUnsentBytesMin + 1;
  for (std::uint8_t i = 1; i <= 5; ++i) uplink.send_picture(testing::picture(i), start);
  EXPECT_EQ(sent(), 0u);
  EXPECT_EQ(totals.dropped, 4u);
  EXPECT_LT(uplink.unsent(), kUnsentBytesMin + 1000) << "one waits, not five";
  socket.unsent_bytes = 0;
  uplink.on_drained();
  ASSERT_EQ(sent(), 1u);
  EXPECT_EQ(socket.binaries[0].data()[socket.binaries[0].size() - 3], 5);
  uplink.on_drained();
  EXPECT_EQ(sent(), 1u);
}

TEST_F(UplinkTest, what_is_no_picture_is_not_sent) {
  uplink.on_open(socket);
  uplink.send_picture(Bytes::copy_of("GIF89a"), start);
  EXPECT_EQ(sent(), 0u);
  EXPECT_EQ(totals.dropped, 1u);
}

TEST_F(UplinkTest, the_round_trip_is_taken_from_acks_and_forged_ones_are_harmless) {
  uplink.on_open(socket);
  uplink.send_picture(testing::picture(1), start);
  time.advance(Millis{20});
  uplink.send_picture(testing::picture(2), start);
  time.advance(Millis{30});
  uplink.on_text(R"({"type":"ack","message":2})");
  EXPECT_EQ(totals.round_trip, Millis{30});
  for (const char* text : {R"({"type":"ack","message":99})", R"({"type":"ack","message":-1})",
                           R"({"type":"ack","message":"x"})", R"({"type":"ack"})", "[1,2", "7"}) {
    uplink.on_text(text);
  }
  EXPECT_EQ(totals.round_trip, Millis{30});
}

TEST_F(UplinkTest, the_instruction_key_frame_is_obeyed_and_answered) {
  uplink.on_open(socket);
  uplink.on_text(R"({"type":"instruction","id":7,"do":"key_frame"})");
  EXPECT_EQ(heard.key_frames, 1);
  EXPECT_EQ(socket.texts.back(), R"({"type":"done","id":7})");
}

TEST_F(UplinkTest, an_unknown_instruction_is_answered_with_an_error) {
  uplink.on_open(socket);
  uplink.on_text(R"({"type":"instruction","id":8,"do":"dance","value":1})");
  EXPECT_EQ(heard.key_frames, 0);
  EXPECT_THAT(socket.texts.back(), AllOf(HasSubstr(R"("id":8)"), HasSubstr(R"("error":)")));
}

TEST_F(UplinkTest, error_messages_are_shown_and_unknown_types_ignored) {
  uplink.on_open(socket);
  uplink.on_text(R"({"type":"error","code":"bad_message","message":"not a JPEG"})");
  uplink.on_text(R"({"type":"weather","message":"rain"})");
  EXPECT_EQ(heard.told, std::vector<std::string>{"not a JPEG"});
}

TEST_F(UplinkTest, a_new_token_is_handed_over_on_the_open_connection) {
  uplink.renew("early");
  EXPECT_TRUE(socket.texts.empty());
  uplink.on_open(socket);
  uplink.renew("a.b.c");
  EXPECT_EQ(socket.texts.back(), R"({"type":"auth","token":"a.b.c"})");
}

TEST_F(UplinkTest, after_the_end_nothing_is_sent) {
  open_with_video();
  uplink.on_close(1006, "");
  EXPECT_EQ(heard.gone, 1006);
  uplink.send_frame(frame(Coded::Key));
  uplink.send_picture(testing::picture(1), start);
  uplink.close("bye");
  EXPECT_EQ(sent(), 1u);
  EXPECT_EQ(socket.closed_with, 0);
}

}  // namespace
}  // namespace butai::client
