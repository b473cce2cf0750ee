#include <gmock/gmock.h>

#include <algorithm>
#include <numbers>
#include <span>

#include "media/flv.h"
#include "media/h264.h"
#include "media/testing/tracks.h"
#include "worker/testing/dual_mono.h"
#include "worker/testing/line_fixture.h"
#include "worker/testing/sound.h"

namespace butai::worker::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Demux : public LineTest {
 protected:
  void play(const std::string& path) {
    open(Job::Demux);
    send(file_bytes(path));
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
    EXPECT_THAT(told.losses, IsEmpty());
  }
};

TEST_F(Demux, passes_fragmented_mp4_through_bit_exact_with_its_own_times) {
  play(fragmented_mp4());
  EXPECT_THAT(packets_of(told.video), ElementsAreArray(packets_of(fragmented_mp4(), "v")));
  EXPECT_THAT(packets_of(told.audio), ElementsAreArray(packets_of(fragmented_mp4(), "a")));
  ASSERT_EQ(told.tracks.size(), 2U);
  EXPECT_EQ(told.track(media::kVideoTrack)->width, 640);
  EXPECT_EQ(told.track(media::kVideoTrack)->height, 360);
  EXPECT_EQ(told.track(media::kAudioTrack)->sample_rate, 48'000U);
  EXPECT_EQ(told.track(media::kAudioTrack)->channels, 2);
  EXPECT_THAT(told.complaints, IsEmpty());
}

TEST_F(Demux, passes_flv_through_bit_exact) {
  play(made("copy.flv", "-i " + plain_mp4() + " -c copy"));
  EXPECT_THAT(sums_of(packets_of(told.video)),
              ElementsAreArray(sums_of(packets_of(plain_mp4(), "v"))));
  EXPECT_THAT(sums_of(packets_of(told.audio)),
              ElementsAreArray(sums_of(packets_of(plain_mp4(), "a"))));
}

TEST_F(Demux, passes_mpeg_ts_through_bit_exact) {
  play(made("copy.ts", "-i " + plain_mp4() + " -c copy -f mpegts"));
  EXPECT_THAT(sums_of(packets_of(told.video)),
              ElementsAreArray(sums_of(packets_of(plain_mp4(), "v"))));
  EXPECT_THAT(sums_of(packets_of(told.audio)),
              ElementsAreArray(sums_of(packets_of(plain_mp4(), "a"))));
  EXPECT_EQ(told.track(media::kVideoTrack)->timescale, 90'000U);
}

TEST_F(Demux, makes_h264_and_aac_of_webm_as_browsers_record_it) {
  play(made("recorded.webm", kPicture + kTone +
                                 "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 1M -g 90 "
                                 "-c:a libopus -b:a 64k -live 1"));
  ASSERT_EQ(told.tracks.size(), 2U);
  EXPECT_EQ(decodable(told.video, *told.track(media::kVideoTrack), "from_webm.h264"),
            told.video.size());
  EXPECT_GE(told.video.size(), 88U);
  EXPECT_EQ(told.track(media::kAudioTrack)->sample_rate, 48'000U);
  // 3 s are 140 frames of 1024 samples, without holes.
  EXPECT_GE(told.audio.size(), 138U);
  for (std::size_t i = 1; i < told.audio.size(); ++i) {
    EXPECT_EQ(told.audio[i].dts - told.audio[i - 1].dts, 1024) << i;
  }
}

TEST_F(Demux, re_encodes_what_browsers_do_not_play_and_says_so) {
  play(made("high10.mp4",
            kPicture + "-c:v libx264 -preset ultrafast -pix_fmt yuv422p10le " + kFragments));
  ASSERT_EQ(told.tracks.size(), 1U);
  EXPECT_EQ(media::sps_of(told.tracks[0].config)->profile, 100);
  EXPECT_EQ(decodable(told.video, told.tracks[0], "from_high10.h264"), 90U);
  ASSERT_EQ(told.complaints.size(), 1U);
  EXPECT_THAT(told.complaints[0], HasSubstr("re-encoded"));
}

// 59.94 fields a second of what moves quickly, as a station's encoder sends it.
std::string interlaced_ts() {
  return made(
      "interlaced.ts",
      "-f lavfi -i testsrc2=size=1280x720:rate=60000/1001:duration=3 -vf interlace=lowpass=0 "
      "-c:v libx264 -preset ultrafast -qp 12 -flags +ildct+ilme -x264opts tff=1 -g 30 "
      "-pix_fmt yuv420p -f mpegts");
}

// How many pictures of a file are combed, and how many are whole, says FFmpeg's detector.
struct Combing {
  int combed = 0, whole = 0;
};
constexpr int kFirstGuesses = 5;  // the first picture has no fields before it
Combing combing_of(const std::string& path) {
  const std::string said =
      output_of("ffmpeg -nostdin -hide_banner -i " + path + " -vf idet -f null - 2>&1");
  const auto number = [&said](std::size_t line, const char* name) {
    const auto at = said.find(name, line);
    return std::stoi(said.substr(at + std::string(name).size()));
  };
  const std::size_t line = said.rfind("Multi frame detection:");
  return {number(line, "TFF:") + number(line, "BFF:"), number(line, "Progressive:")};
}

TEST_F(Demux, makes_59_94_fields_into_29_97_whole_pictures) {
  EXPECT_GE(combing_of(interlaced_ts()).combed, 80);
  play(interlaced_ts());
  ASSERT_EQ(told.tracks.size(), 1U);
  EXPECT_EQ(told.tracks[0].frame_rate, (media::Rational{30'000, 1001}));
  const auto sps = media::sps_of(told.tracks[0].config);
  EXPECT_TRUE(sps->frames_only);
  ASSERT_TRUE(sps->colour);
  EXPECT_EQ(sps->colour->matrix, 1) << "BT.709";
  EXPECT_GE(decodable(told.video, told.tracks[0], "from_interlaced.h264"), 88U);
  const Combing left = combing_of(media_folder() / "from_interlaced.h264");
  EXPECT_LE(left.combed, kFirstGuesses);
  EXPECT_GE(left.whole, 80);
}

TEST_F(Demux, makes_them_into_59_94_where_that_many_are_wanted) {
  Encoding encoding;
  encoding.frames_per_second_max = 60;
  open(Job::Demux, {}, encoding);
  send(file_bytes(interlaced_ts()));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }, Millis{60'000}));
  EXPECT_EQ(told.tracks[0].frame_rate, (media::Rational{60'000, 1001}));
  EXPECT_GE(decodable(told.video, told.tracks[0], "from_fields.h264"), 176U);
  EXPECT_LE(combing_of(media_folder() / "from_fields.h264").combed, kFirstGuesses);
  ASSERT_GE(told.video.size(), 176U);
  const auto took = told.video[175].pts - told.video[55].pts;  // 120 pictures: 2.002 s
  EXPECT_NEAR(static_cast<double>(took) / told.tracks[0].timescale, 2.002, 0.001);
}

TEST_F(Demux, passes_h264_and_aac_of_matroska_through) {
  play(made("copy.mkv", "-i " + plain_mp4() + " -c copy -f matroska -live 1"));
  EXPECT_THAT(sums_of(packets_of(told.video)),
              ElementsAreArray(sums_of(packets_of(plain_mp4(), "v"))));
  for (std::size_t i = 1; i < told.video.size(); ++i) {
    EXPECT_GT(told.video[i].dts, told.video[i - 1].dts) << i;
  }
}

TEST_F(Demux, re_encodes_long_groups_of_pictures_on_the_grid_of_utc) {
  const std::string path =
      made("long.mp4",
           "-f lavfi -i testsrc2=size=320x180:rate=30:duration=10 -c:v libx264 -preset "
           "ultrafast -g 900 -bf 0 -pix_fmt yuv420p -movflags "
           "+empty_moov+default_base_moof -frag_duration 500000 -f mp4");
  open(Job::Demux);
  // The source's zero lies 0.5 s after a full segment.
  line->anchor(0, utc_of(1'800'000'000'500'000));
  send(file_bytes(path));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  ASSERT_EQ(told.complaints.size(), 1U);
  EXPECT_THAT(told.complaints[0], HasSubstr("key frame interval"));
  EXPECT_EQ(told.video.size(), 300U);
  EXPECT_EQ(told.track_tellings, 2);
  const auto timescale = told.tracks[0].timescale;
  std::vector<double> keys;
  for (const auto& frame : told.video) {
    if (frame.key) keys.push_back(static_cast<double>(frame.pts) / timescale);
  }
  // The publisher's at 0, ours where pass-through ends, then 5.5, 7.5 and 9.5 s.
  ASSERT_EQ(keys.size(), 5U);
  EXPECT_NEAR(keys[1], 4.23, 0.05);
  EXPECT_NEAR(keys[2], 5.5, 0.034);
  EXPECT_NEAR(keys[3], 7.5, 0.034);
  EXPECT_NEAR(keys[4], 9.5, 0.034);
  for (std::size_t i = 1; i < told.video.size(); ++i) {
    EXPECT_GT(told.video[i].dts, told.video[i - 1].dts);
  }
}

TEST_F(Demux, closes_open_groups_by_encoding_and_names_them) {
  play(made("open.ts",
            "-f lavfi -i testsrc2=size=320x180:rate=30:duration=8 -c:v libx264 -preset veryfast "
            "-pix_fmt yuv420p -bf 3 -x264-params open-gop=1:keyint=60:min-keyint=60:scenecut=0 "
            "-f mpegts"));
  EXPECT_THAT(told.complaints, ::testing::ElementsAre(HasSubstr("open GOP")));
  const auto keys = std::ranges::count_if(told.video, &media::Frame::key);
  EXPECT_GE(keys, 3) << "the first, and one on each boundary after it was seen";
  const auto anew = std::ranges::find_if(told.video.begin() + 1, told.video.end(),
                                         [](const media::Frame& frame) { return frame.key; });
  const std::vector<media::Frame> encoded(anew, told.video.end());
  EXPECT_EQ(decodable(encoded, *told.track(media::kVideoTrack), "closed.h264"), encoded.size());
}

// Which tone both channels of the decoded sound have in its second `from`.
void expect_tone(const std::vector<std::vector<float>>& planes, double from, double wanted,
                 double other, double strong = 0.125) {
  ASSERT_EQ(planes.size(), 2U);
  for (const auto& plane : planes) {
    const auto second = std::span(plane).subspan(static_cast<std::size_t>(from * 48'000), 48'000);
    EXPECT_NEAR(strength(second, wanted), strong, 0.02);
    EXPECT_LT(strength(second, other), 0.002);
  }
}

class DualMono : public Demux, public ::testing::WithParamInterface<media::DualMono> {
 protected:
  double wanted() const { return GetParam() == media::DualMono::Main ? kMainHertz : kSubHertz; }
  double other() const { return kMainHertz + kSubHertz - wanted(); }
  void begin() {
    Encoding encoding;
    encoding.dual_mono = GetParam();
    open(Job::Demux, {}, encoding);
  }
  void end() {
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
    EXPECT_THAT(told.losses, IsEmpty());
    EXPECT_THAT(told.complaints, ::testing::ElementsAre(HasSubstr("dual mono")));
  }
  std::string name(const std::string& of) const { return of + std::to_string(wanted()); }
};

TEST_P(DualMono, of_a_transport_stream_gives_viewers_one_programme) {
  begin();
  send(file_bytes(dual_mono_ts()));
  end();
  EXPECT_THAT(sums_of(packets_of(told.video)),
              ElementsAreArray(sums_of(packets_of(long_picture(), "v"))));
  EXPECT_GE(told.audio.size(), 9 * 46U);
  const auto planes = decoded(told.audio, *told.track(media::kAudioTrack), name("dual_ts"));
  expect_tone(planes, 1, wanted(), other());
  expect_tone(planes, 4, kStereoHertz, wanted(), 0.125 * std::numbers::sqrt2 / 2);
  expect_tone(planes, 7, wanted(), other());
}

TEST_P(DualMono, may_follow_on_stereo_in_flv) {
  const auto config = [](std::string_view hex) {
    return media::flv_audio({media::FlvPart::Config, media::testing::from_hex(hex)});
  };
  const auto take = [this](std::int64_t millis, const Bytes& body) {
    send(media::flv_tag(media::FlvTag::Audio, millis, body));
  };
  const auto millis_of = [](std::size_t frame) {
    return static_cast<std::int64_t>(frame) * 1024 / 48;
  };
  const std::string stereo = made("stereo.aac", kTone + kAac + "-f adts");
  begin();
  send(media::flv_file_header());
  take(0, config("1190"));
  std::size_t frames = 0;
  const Bytes adts = file_bytes(stereo);
  for (ByteView left = adts; const auto frame = media::parse_adts(left); ++frames) {
    take(millis_of(frames), media::flv_audio({media::FlvPart::Unit, frame->frame}));
    left = left.subspan(frame->whole_size);
  }
  const std::size_t passed = frames;
  take(millis_of(frames), config(kDualMonoConfig));
  for (const Bytes& block : dual_mono_of_two_tones()) {
    take(millis_of(frames++), media::flv_audio({media::FlvPart::Unit, block}));
  }
  end();
  ASSERT_GE(told.audio.size() + 3, frames);
  const std::vector<media::Frame> after(
      told.audio.begin() + static_cast<std::ptrdiff_t>(passed) + 3, told.audio.end());
  expect_tone(decoded(after, *told.track(media::kAudioTrack), name("dual_flv")), 1, wanted(),
              other());
  EXPECT_LT(Micros{after.front().dts * 1'000'000 / 48'000} - Millis{millis_of(passed)},
            Micros{150'000});
}

INSTANTIATE_TEST_SUITE_P(Programmes, DualMono,
                         ::testing::Values(media::DualMono::Main, media::DualMono::Sub));

class TwoSounds : public Demux {
 public:
  void play_both(const std::string& path, media::DualMono dual_mono = media::DualMono::Both) {
    Encoding encoding;
    encoding.dual_mono = dual_mono;
    encoding.sounds = 2;
    open(Job::Demux, {}, encoding);
    send(file_bytes(path));
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
    EXPECT_THAT(told.losses, IsEmpty());
  }
  // Main and sub, as a track each.
  static std::string two_tracks() {
    return made("two_plain.mp4", "-i " + plain_mp4() + " -i " + mono_aac("main.aac", kMainHertz) +
                                     " -i " + mono_aac("sub.aac", kSubHertz) +
                                     " -map 0:v -map 1:a -map 2:a -c copy");
  }
  static std::string two_tracks(const std::string& name, const std::string& format) {
    return made(name, "-i " + two_tracks() + " -map 0 -c copy " + format);
  }
  void expect_tracks_pass() {
    ASSERT_EQ(told.tracks.size(), 3U);
    EXPECT_EQ(told.track_tellings, 1) << "all at once";
    EXPECT_EQ(sums_of(packets_of(told.audio)), sums_of(packets_of(two_tracks(), "a:0")));
    EXPECT_EQ(sums_of(packets_of(told.second)), sums_of(packets_of(two_tracks(), "a:1")));
    EXPECT_THAT(told.complaints, IsEmpty());
  }
};

TEST_F(TwoSounds, of_dual_mono_are_its_programmes_and_stereo_between_is_in_both) {
  play_both(dual_mono_ts());
  EXPECT_THAT(told.complaints, ::testing::ElementsAre(HasSubstr("both")));
  ASSERT_EQ(told.tracks.size(), 3U);
  EXPECT_EQ(told.track_tellings, 1) << "no init segment without the second";
  EXPECT_EQ(sums_of(packets_of(told.video)), sums_of(packets_of(long_picture(), "v")));
  ASSERT_EQ(told.second.size(), told.audio.size());
  for (std::size_t i = 0; i < told.audio.size(); ++i) {
    EXPECT_EQ(told.second[i].dts, told.audio[i].dts) << i;
  }
  const auto first = decoded(told.audio, *told.track(media::kAudioTrack), "both_main");
  const auto second = decoded(told.second, *told.track(media::kSecondSound), "both_sub");
  for (const double from : {1.0, 7.0}) {
    expect_tone(first, from, kMainHertz, kSubHertz);
    expect_tone(second, from, kSubHertz, kMainHertz);
  }
  expect_tone(first, 4, kStereoHertz, kMainHertz, 0.125 * std::numbers::sqrt2 / 2);
  expect_tone(second, 4, kStereoHertz, kSubHertz, 0.125 * std::numbers::sqrt2 / 2);
}

TEST_F(TwoSounds, that_come_as_two_tracks_pass_through_in_their_order) {
  play_both(two_tracks("two.mp4", "-movflags +empty_moov+default_base_moof+frag_keyframe -f mp4"),
            media::DualMono::Refuse);
  expect_tracks_pass();
}

TEST_F(TwoSounds, that_come_as_two_tracks_of_a_transport_stream_pass_through) {
  play_both(two_tracks("two.ts", "-f mpegts"));
  expect_tracks_pass();
}

TEST_F(TwoSounds, that_come_as_two_tracks_of_matroska_pass_through) {
  play_both(two_tracks("two.mkv", "-f matroska -live 1"));
  expect_tracks_pass();
}

TEST_F(Demux, takes_the_first_of_two_sounds_where_one_is_wanted) {
  play(TwoSounds::two_tracks("two.mkv", "-f matroska -live 1"));
  EXPECT_EQ(told.tracks.size(), 2U);
  EXPECT_THAT(told.second, IsEmpty());
  EXPECT_EQ(sums_of(packets_of(told.audio)), sums_of(packets_of(TwoSounds::two_tracks(), "a:0")));
}

TEST_F(Demux, refuses_dual_mono_and_passes_its_picture) {
  play(dual_mono_ts());
  EXPECT_THAT(told.complaints, ::testing::ElementsAre(HasSubstr("dual mono")));
  EXPECT_NEAR(static_cast<double>(told.audio.size()), 3 * 46.9, 4) << "the stereo between";
  EXPECT_EQ(told.video.size(), 270U);
}

TEST_F(Demux, complains_about_garbage_and_lives) {
  open(Job::Demux);
  for (int i = 0; i < 3; ++i) line->write(Bytes::copy_of("this is no container at all"));
  ASSERT_TRUE(until([&] { return told.complaints.size() == 3; }));
  send(file_bytes(fragmented_mp4()));
  EXPECT_TRUE(until([&] { return told.video.size() > 80; }));
  EXPECT_THAT(told.losses, IsEmpty());
}

TEST_F(Demux, complains_about_a_damaged_header_and_takes_the_next) {
  open(Job::Demux);
  const Bytes whole = file_bytes(fragmented_mp4());
  std::vector<std::uint8_t> damaged(whole.view().begin(), whole.view().end());
  std::fill(damaged.begin() + 60, damaged.begin() + 700, std::uint8_t{0xAA});
  send(Bytes(std::move(damaged)));
  ASSERT_TRUE(until([&] { return !told.losses.empty() && line->process_id() != 0; }));
  EXPECT_FALSE(told.complaints.empty());
  told.video.clear();
  send(file_bytes(fragmented_mp4()));
  EXPECT_TRUE(until([&] { return told.video.size() > 80; }));
}

TEST_F(Demux, takes_one_container_after_another) {
  open(Job::Demux);
  send(file_bytes(fragmented_mp4()));
  send(file_bytes(fragmented_mp4()));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_EQ(told.video.size(), 2 * packets_of(fragmented_mp4(), "v").size());
}

TEST_F(Demux, says_no_when_full_and_calls_when_there_is_room) {
  open(Job::Demux);
  line->pause();
  const std::string path =
      made("large.mp4",
           "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=6 -c:v libx264 -preset "
           "ultrafast -qp 5 -g 30 -pix_fmt yuv420p " +
               kFragments);
  const Bytes bytes = file_bytes(path);
  ASSERT_GT(bytes.size(), 9'000'000U);
  std::size_t at = 0;
  const auto write_some = [&] {
    while (at < bytes.size() &&
           line->write(bytes.slice(at, std::min<std::size_t>(100'000, bytes.size() - at)))) {
      at += std::min<std::size_t>(100'000, bytes.size() - at);
    }
  };
  write_some();
  until([] { return false; }, Millis{200});
  write_some();
  EXPECT_LT(at, 6'000'000U) << "nothing is queued without bound";
  EXPECT_THAT(told.video, IsEmpty());
  line->resume();
  ASSERT_TRUE(until([&] { return told.writable; }));
  ASSERT_TRUE(until([&] {
    write_some();
    return at == bytes.size();
  }));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_EQ(told.video.size(), 180U);
}

}  // namespace
}  // namespace butai::worker::testing
