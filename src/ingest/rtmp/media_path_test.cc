#include "ingest/rtmp/media_path.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "ingest/rtmp/limits.h"
#include "media/h264.h"
#include "media/testing/tracks.h"
#include "worker/limits.h"

namespace butai::ingest::rtmp {
namespace {

using media::FlvPart;
using media::testing::from_hex;
using Raw = std::vector<std::uint8_t>;

constexpr std::string_view kAac = "1190";

class MediaPathTest : public ::testing::Test {
 protected:
  void video(FlvPart part, std::int64_t millis, ByteView payload, bool key = false,
             std::int32_t composition = 0) {
    take(MessageType::Video, millis, media::flv_video({part, key, composition, payload}));
  }
  void audio(FlvPart part, std::int64_t millis, ByteView payload) {
    take(MessageType::Audio, millis, media::flv_audio({part, payload}));
  }
  void take(MessageType type, std::int64_t millis, Bytes body) {
    const auto taken = path.take(type, millis, std::move(body));
    if (!taken) refusal = taken.error();
    if (auto sentence = path.take_complaint()) complaints.push_back(*sentence);
    for (MediaItem& item : path.take_items()) {
      if (const auto* t = std::get_if<std::vector<media::Track>>(&item)) announced.push_back(*t);
      if (auto* frame = std::get_if<media::Frame>(&item)) frames.push_back(std::move(*frame));
      if (const auto* bytes = std::get_if<Bytes>(&item)) pieces.push_back(*bytes);
      if (const auto* over = std::get_if<Handover>(&item)) handover = *over;
    }
  }
  void configure(std::string_view record = media::testing::kAvcHigh30) {
    video(FlvPart::Config, 0, from_hex(record), true);
  }
  void key_frame(std::int64_t millis) {
    video(FlvPart::Unit, millis, from_hex("0000000365aabb"), true);
  }
  void frame(std::int64_t millis, std::int32_t composition = 0) {
    video(FlvPart::Unit, millis, from_hex("0000000341aabb"), false, composition);
  }
  void sound(std::int64_t millis) { audio(FlvPart::Unit, millis, from_hex("21100504")); }
  void begin() {
    configure();
    audio(FlvPart::Config, 0, from_hex(kAac));
  }

  MediaPath path;
  std::vector<std::vector<media::Track>> announced;
  std::vector<media::Frame> frames;
  std::vector<Bytes> pieces;
  std::optional<Handover> handover;
  std::vector<std::string> complaints;
  std::string refusal;
};

TEST_F(MediaPathTest, picture_and_sound_come_out_as_they_went_in_after_both_are_described) {
  begin();
  sound(0);
  key_frame(0);
  sound(21);
  frame(33, 66);
  ASSERT_EQ(announced.size(), 1u);
  ASSERT_EQ(announced[0].size(), 2u);
  EXPECT_EQ(announced[0][0].width, 320);
  EXPECT_EQ(announced[0][1].sample_rate, 48'000u);
  ASSERT_EQ(frames.size(), 4u);
  EXPECT_EQ(frames[1].data.text(), from_hex("0000000365aabb").text());
  EXPECT_TRUE(frames[1].key);
  EXPECT_EQ(frames[2].dts, 1024) << "21 ms is where the second AAC frame belongs";
  EXPECT_EQ(frames[3].dts, 33 * 90);
  EXPECT_EQ(frames[3].pts, 99 * 90);
  EXPECT_TRUE(complaints.empty());
}

TEST_F(MediaPathTest, frames_share_the_bytes_that_came) {
  begin();
  const Bytes body = media::flv_video({FlvPart::Unit, true, 0, from_hex("0000000365aabb")});
  take(MessageType::Video, 0, body);
  EXPECT_EQ(frames.at(0).data.data(), body.data() + media::kFlvVideoHead);
}

// The packager writes a chunk's head over FLV's.
TEST_F(MediaPathTest, a_frame_has_room_for_a_head_and_the_group_is_handed_over_all_the_same) {
  begin();
  const auto unit = [this](std::int64_t millis, bool key) {
    const std::string_view nal = key ? "0000000365aabb" : "0000000341aabb";
    const Bytes body = media::flv_video({FlvPart::Unit, key, 40, from_hex(nal)});
    Raw owned(media::kFrameRoom);
    owned.insert(owned.end(), body.view().begin(), body.view().end());
    take(MessageType::Video, millis, Bytes(std::move(owned), media::kFrameRoom));
    return body;
  };
  const Bytes key = unit(0, true), next = unit(40, false);
  const Raw head(media::kFrameRoom + media::kFlvVideoHead, 0xee);
  for (const media::Frame& frame : frames) ASSERT_TRUE(frame.data.with_head(head));
  for (std::int64_t millis = 80; !handover && millis < 10'000; millis += 400) unit(millis, false);
  ASSERT_TRUE(handover);
  const auto tag = [](std::int64_t millis, ByteView body) {
    return Bytes(media::flv_tag(media::FlvTag::Video, millis, body));
  };
  EXPECT_EQ(pieces.at(3).text(), tag(0, key).text());
  EXPECT_EQ(pieces.at(4).text(), tag(40, next).text());
}

TEST_F(MediaPathTest, B13_sound_alone_and_picture_alone_begin_within_a_second) {
  audio(FlvPart::Config, 0, from_hex(kAac));
  for (int i = 0; i < 60; ++i) sound(i * 21);
  ASSERT_EQ(announced.size(), 1u);
  EXPECT_EQ(announced[0].size(), 1u);
  EXPECT_EQ(frames.size(), 60u);
  // The picture that comes after all is announced beside the sound.
  configure();
  key_frame(1300);
  EXPECT_EQ(announced.back().size(), 2u);
}

TEST_F(MediaPathTest, B13_metadata_that_promises_one_track_lets_it_begin_at_once) {
  path.take_metadata(Amf0Value::object({{"videocodecid", 7.0}, {"framerate", 29.97}}));
  configure(media::testing::kAvcBaseline2997);
  key_frame(0);
  EXPECT_EQ(announced.size(), 1u);
  EXPECT_EQ(frames.size(), 1u);
  EXPECT_EQ(announced[0][0].frame_rate, (media::Rational{30'000, 1001}));
}

TEST_F(MediaPathTest, B13_without_any_key_frame_nothing_goes_out_and_its_publisher_is_told) {
  begin();
  for (int i = 0; i < 1000; ++i) frame(i * 33);
  EXPECT_TRUE(frames.empty());
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("key frame"), std::string::npos);
}

TEST_F(MediaPathTest, B13_a_new_size_and_new_sound_hold_from_their_next_frames) {
  begin();
  key_frame(0);
  frame(33);
  configure(media::testing::kAvcMain25);
  frame(66);
  EXPECT_EQ(announced.size(), 1u) << "not inside a group";
  key_frame(100);
  ASSERT_EQ(announced.size(), 2u);
  EXPECT_EQ(announced[1][0].width, 1920);
  audio(FlvPart::Config, 110, from_hex("1210"));
  ASSERT_EQ(announced.size(), 3u);
  EXPECT_EQ(announced[2][1].sample_rate, 44'100u);
  EXPECT_EQ(announced[2][0].width, 1920);
}

TEST_F(MediaPathTest, B9_a_bad_configuration_leaves_no_trace) {
  begin();
  key_frame(0);
  Bytes record = from_hex(media::testing::kAvcMain25);
  Raw three(record.view().begin(), record.view().end());
  three[4] = 0xfe;  // lengths of three bytes
  video(FlvPart::Config, 20, three, true);
  video(FlvPart::Config, 21, Raw{1, 2, 3}, true);
  video(FlvPart::Config, 22, {}, true);
  frame(33);
  key_frame(66);
  EXPECT_EQ(frames.size(), 3u);
  EXPECT_EQ(announced.size(), 1u);
  EXPECT_GE(complaints.size(), 2u);
}

TEST_F(MediaPathTest, B9_frames_after_nothing_but_a_bad_configuration_are_not_taken) {
  Raw three(64, 0);
  three[0] = 1;
  three[4] = 0xfe;
  video(FlvPart::Config, 0, three, true);
  key_frame(0);
  frame(33);
  EXPECT_TRUE(frames.empty());
  EXPECT_FALSE(complaints.empty());
}

TEST_F(MediaPathTest, B10_parameter_sets_that_lie_are_refused_in_words) {
  // An SPS whose width in macroblocks is 2^31: profile 66, level 30, ids 0, then a ue(v) of 31 zeros.
  const Raw sps = {0x67, 66, 0, 30, 0xf8, 0, 0, 0x03, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff};
  Raw record = {1, 66, 0, 30, 0xff, 0xe1, 0, static_cast<std::uint8_t>(sps.size())};
  record.insert(record.end(), sps.begin(), sps.end());
  record.insert(record.end(), {1, 0, 4, 0x68, 0xce, 0x0f, 0xc8});
  video(FlvPart::Config, 0, record, true);
  key_frame(0);
  EXPECT_TRUE(frames.empty());
  EXPECT_FALSE(complaints.empty());
}

TEST_F(MediaPathTest, B11_sound_without_a_usable_configuration_is_dropped) {
  configure();
  key_frame(0);
  sound(0);
  audio(FlvPart::Config, 0, {});
  audio(FlvPart::Config, 0, Raw{0x17, 0x80});  // a reserved sampling rate
  audio(FlvPart::Config, 0, Raw{0, 0});
  sound(21);
  audio(FlvPart::Unit, 42, {});
  for (int i = 1; i < 40; ++i) frame(i * 33);
  for (const media::Frame& each : frames) EXPECT_EQ(each.track, media::kVideoTrack);
  EXPECT_EQ(frames.size(), 40u);
  EXPECT_GE(complaints.size(), 2u);
}

TEST_F(MediaPathTest, B12_other_codecs_end_it_with_their_name) {
  take(MessageType::Video, 0, Bytes(Raw{0x90, 'h', 'v', 'c', '1'}));
  EXPECT_EQ(refusal, "Enhanced RTMP (hvc1) is not taken yet: set the encoder to H.264 and AAC");
  take(MessageType::Audio, 0, Bytes(Raw{0x2f, 0}));
  EXPECT_EQ(refusal, "MP3 is not taken: send H.264 and AAC");
}

TEST_F(MediaPathTest, B14_repeated_times_and_small_steps_back_rise_and_large_ones_are_left_alone) {
  begin();
  key_frame(1000);
  frame(1033);
  frame(1033);
  frame(1000);
  frame(1066);
  frame(5);
  frame(36'000'000);
  ASSERT_EQ(frames.size(), 7u);
  for (int i = 1; i < 5; ++i) EXPECT_GT(frames[i].dts, frames[i - 1].dts);
  EXPECT_EQ(frames[5].dts, 5 * 90) << "the time line marks it";
  EXPECT_EQ(frames[6].dts, 36'000'000LL * 90);
}

TEST_F(MediaPathTest, B14_times_that_stand_still_end_it_with_a_sentence) {
  begin();
  key_frame(0);
  for (int i = 0; i < kStandingStill && refusal.empty(); ++i) frame(0);
  EXPECT_NE(refusal.find("stand still"), std::string::npos);
}

TEST_F(MediaPathTest, B14_a_negative_composition_time_is_kept_for_the_time_line) {
  begin();
  key_frame(100);
  frame(133, -33);
  EXPECT_EQ(frames.back().pts, 100 * 90);
}

TEST_F(MediaPathTest, B4_past_the_wrap_frames_go_on) {
  begin();
  const std::int64_t wrap = 0x1'0000'0000;
  for (std::int64_t millis = wrap - 1000; millis < wrap + 1000; millis += 40) {
    millis == wrap - 1000 ? key_frame(millis) : frame(millis);
  }
  ASSERT_EQ(frames.size(), 50u);
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].dts - frames[i - 1].dts, 40 * 90);
  }
}

TEST_F(MediaPathTest, key_frames_too_far_apart_go_to_the_worker_with_their_whole_group) {
  begin();
  std::int64_t millis = 10'000;
  key_frame(millis);
  sound(millis);
  while (!handover) frame(millis += 40);
  const std::int64_t limit = worker::kKeyFrameIntervalMax.count() / 1000;
  EXPECT_GT(millis - 10'000, limit);
  EXPECT_LE(millis - 10'040, limit);
  EXPECT_EQ(handover->base_millis, 10'000);
  const std::size_t pictures = frames.size() - 1;
  EXPECT_EQ(frames.back().dts, (millis - 40) * 90) << "this one is the worker's already";
  // Header, two configurations, the group with its sound and the picture that was too late.
  EXPECT_EQ(pieces.size(), 1 + 2 + 1 + pictures + 1);
  EXPECT_EQ(pieces[0].text().substr(0, 3), "FLV");
  EXPECT_NE(complaints.back().find("4 s apart"), std::string::npos);
  const std::size_t before = frames.size();
  key_frame(millis + 40);
  sound(millis + 40);
  EXPECT_EQ(frames.size(), before);
  EXPECT_EQ(pieces.size(), 1 + 2 + 1 + pictures + 3);
}

TEST_F(MediaPathTest, open_groups_are_encoded_anew_and_named) {
  begin();
  key_frame(0);
  std::int64_t millis = 0;
  while (!handover) {
    millis += 40;
    // Every 2 s a recovery point in front of a slice that is no IDR picture.
    const bool open = millis % 2000 == 0;
    video(FlvPart::Unit, millis,
          from_hex(open ? "000000050606018480"
                          "0000000341aabb"
                        : "0000000341aabb"));
  }
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("open GOP"), std::string::npos) << complaints[0];
}

TEST_F(MediaPathTest, dual_mono_is_refused_with_a_sentence_and_the_picture_goes_on) {
  configure();
  audio(FlvPart::Config, 0, from_hex("118004c800000010"));
  key_frame(0);
  for (int i = 1; i < 60; ++i) frame(i * 40);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("dual mono"), std::string::npos) << complaints[0];
  EXPECT_EQ(frames.size(), 60u);
}

constexpr std::string_view kDualMono = "118004c80000001000";

TEST_F(MediaPathTest, dual_mono_goes_to_the_worker_where_the_channel_takes_one_of_it) {
  path.take_of_dual_mono(media::DualMono::Sub);
  configure();
  audio(FlvPart::Config, 5'200, from_hex(kDualMono));
  ASSERT_TRUE(handover);
  EXPECT_EQ(handover->base_millis, 5'000);
  key_frame(5'240);
  sound(5'240);
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(pieces.size(), 5u) << "header, two configurations, picture and sound";
  EXPECT_TRUE(complaints.empty()) << "the worker tells what is taken";
}

TEST_F(MediaPathTest, dual_mono_in_mid_programme_takes_its_group_of_pictures_along) {
  path.take_of_dual_mono(media::DualMono::Main);
  begin();
  key_frame(10'000);
  sound(10'000);
  frame(10'040);
  audio(FlvPart::Config, 10'080, from_hex(kDualMono));
  ASSERT_TRUE(handover);
  EXPECT_EQ(frames.size(), 3u);
  EXPECT_EQ(pieces.size(), 1u + 2 + 3 + 1);
}

TEST_F(MediaPathTest, a_group_that_is_too_large_to_keep_is_handed_over_without_what_was_lost) {
  begin();
  key_frame(0);
  Raw large(worker::kGroupBytesMax / 8, 0x55);
  const std::uint32_t length = static_cast<std::uint32_t>(large.size()) - 4;
  for (int i = 0; i < 4; ++i)
    large[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  large[4] = 0x41;
  std::int64_t millis = 0;
  while (!handover && millis < 20'000) video(FlvPart::Unit, millis += 40, large);
  ASSERT_TRUE(handover);
  EXPECT_GT(Micros{Millis{millis}}, worker::kGroupDurationMax);
  EXPECT_EQ(pieces.size(), 3u) << "header and configurations";
}

TEST_F(MediaPathTest, interlaced_pictures_go_to_the_worker_from_the_first) {
  // Main profile, level 4.0, 320 x 256 in fields.
  const Bytes record = from_hex("014d0028ffe10008674d0028f40a082401000468ce3880");
  const auto sps = media::sps_of(record);
  ASSERT_TRUE(sps);
  ASSERT_FALSE(sps->frames_only);
  ASSERT_EQ(sps->height, 256);
  video(FlvPart::Config, 0, record, true);
  key_frame(0);
  EXPECT_TRUE(handover);
  EXPECT_TRUE(frames.empty());
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find("interlaced"), std::string::npos) << complaints[0];
}

TEST_F(MediaPathTest, ten_bits_a_sample_go_to_the_worker_from_the_first) {
  Bytes progressive = from_hex(media::testing::kAvcHigh30);
  Raw record(progressive.view().begin(), progressive.view().end());
  record[9] = 110;  // High 10 in the SPS itself
  video(FlvPart::Config, 0, record, true);
  key_frame(0);
  EXPECT_TRUE(handover);
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(pieces.size(), 3u);
}

}  // namespace
}  // namespace butai::ingest::rtmp
