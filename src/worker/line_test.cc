#include "worker/line.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include "media/h264.h"
#include "media/jpeg.h"
#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kPicture = "-f lavfi -i testsrc2=size=640x360:rate=30:duration=3 ";
const std::string kTone = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=3 ";
const std::string kH264 = "-c:v libx264 -preset veryfast -g 60 -bf 2 -pix_fmt yuv420p ";
const std::string kAac = "-c:a aac -b:a 96k -ac 2 ";
const std::string kFragments =
    "-movflags +frag_keyframe+empty_moov+default_base_moof -f mp4 -frag_duration 500000 ";

std::string plain_mp4() { return made("plain.mp4", kPicture + kTone + kH264 + kAac); }
std::string fragmented_mp4() {
  return made("fragmented.mp4", "-i " + plain_mp4() + " -c copy " + kFragments);
}

std::vector<Packet> packets_of(const std::vector<media::Frame>& frames) {
  std::vector<Packet> packets;
  for (const auto& frame : frames) packets.push_back(testing::packet_of(frame));
  return packets;
}
std::vector<std::uint32_t> sums_of(const std::vector<Packet>& packets) {
  std::vector<std::uint32_t> sums;
  for (const auto& packet : packets) sums.push_back(packet.sum);
  return sums;
}

// Writes the picture as a file that ffmpeg decodes; how many pictures it found in it.
std::size_t decodable(const std::vector<media::Frame>& frames, const media::Track& track,
                      const std::string& name) {
  const std::string path = media_folder() / name;
  std::ofstream file(path, std::ios::binary);
  const auto config = media::parse_avc_config(track.config);
  EXPECT_TRUE(config.has_value());
  const auto put = [&](ByteView nal) {
    file.write("\0\0\0\1", 4);
    file.write(reinterpret_cast<const char*>(nal.data()), static_cast<std::streamsize>(nal.size()));
  };
  for (const auto& set : config->sps) put(set);
  for (const auto& set : config->pps) put(set);
  for (const auto& frame : frames) {
    const auto nals = media::split_lengths(frame.data);
    for (const auto nal : nals.value()) put(nal);
  }
  file.close();
  return std::stoul(output_of("ffprobe -v error -f h264 -count_frames -select_streams v "
                              "-show_entries stream=nb_read_frames -of csv=p=0 " + path));
}

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
  EXPECT_THAT(packets_of(told.video), ElementsAreArray(testing::packets_of(fragmented_mp4(), "v")));
  EXPECT_THAT(packets_of(told.audio), ElementsAreArray(testing::packets_of(fragmented_mp4(), "a")));
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
              ElementsAreArray(sums_of(testing::packets_of(plain_mp4(), "v"))));
  EXPECT_THAT(sums_of(packets_of(told.audio)),
              ElementsAreArray(sums_of(testing::packets_of(plain_mp4(), "a"))));
}

TEST_F(Demux, passes_mpeg_ts_through_bit_exact) {
  play(made("copy.ts", "-i " + plain_mp4() + " -c copy -f mpegts"));
  EXPECT_THAT(sums_of(packets_of(told.video)),
              ElementsAreArray(sums_of(testing::packets_of(plain_mp4(), "v"))));
  EXPECT_THAT(sums_of(packets_of(told.audio)),
              ElementsAreArray(sums_of(testing::packets_of(plain_mp4(), "a"))));
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
  play(made("high10.mp4", kPicture + "-c:v libx264 -preset ultrafast -pix_fmt yuv422p10le " +
                              kFragments));
  ASSERT_EQ(told.tracks.size(), 1U);
  EXPECT_EQ(media::sps_of(told.tracks[0].config)->profile, 100);
  EXPECT_EQ(decodable(told.video, told.tracks[0], "from_high10.h264"), 90U);
  ASSERT_EQ(told.complaints.size(), 1U);
  EXPECT_THAT(told.complaints[0], HasSubstr("re-encoded"));
}

TEST_F(Demux, re_encodes_long_groups_of_pictures_on_the_grid_of_utc) {
  const std::string path =
      made("long.mp4", "-f lavfi -i testsrc2=size=320x180:rate=30:duration=10 -c:v libx264 -preset "
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

TEST_F(Demux, goes_on_after_its_child_was_killed) {
  open(Job::Demux);
  const Bytes bytes = file_bytes(fragmented_mp4());
  const std::size_t half = bytes.size() / 2;
  send(bytes.slice(0, half));
  ASSERT_TRUE(until([&] { return told.video.size() > 20 && line->process_id() != 0; }));
  const int before = line->process_id();
  kill(before, SIGKILL);
  const auto killed_at = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return !told.losses.empty(); }));
  EXPECT_THAT(told.losses[0], HasSubstr("killed by signal 9"));
  told.video.clear();
  ASSERT_TRUE(until([&] { return line->process_id() != 0; }));
  EXPECT_NE(line->process_id(), before);
  send(bytes.slice(half, bytes.size() - half));
  ASSERT_TRUE(until([&] { return !told.video.empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - killed_at, Seconds{1});
  EXPECT_TRUE(told.video.front().key);
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  const auto whole = testing::packets_of(fragmented_mp4(), "v");
  const auto rest = packets_of(told.video);
  ASSERT_LT(rest.size(), whole.size());
  EXPECT_TRUE(std::equal(rest.rbegin(), rest.rend(), whole.rbegin())) << "times go on as they were";
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
  EXPECT_EQ(told.video.size(), 2 * testing::packets_of(fragmented_mp4(), "v").size());
}

TEST_F(Demux, says_no_when_full_and_calls_when_there_is_room) {
  open(Job::Demux);
  line->pause();
  const std::string path = made(
      "large.mp4", "-f lavfi -i testsrc2=size=1280x720:rate=30:duration=6 -c:v libx264 -preset "
                   "ultrafast -qp 5 -g 30 -pix_fmt yuv420p " + kFragments);
  const Bytes bytes = file_bytes(path);
  ASSERT_GT(bytes.size(), 9'000'000U);
  std::size_t at = 0;
  const auto write_some = [&] {
    while (at < bytes.size() && line->write(bytes.slice(at, std::min<std::size_t>(100'000, bytes.size() - at)))) {
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

TEST_F(LineTest, tells_when_the_executable_is_missing) {
  LineOptions options;
  options.executable = "/nonexistent/butai-worker";
  line = std::make_unique<Line>(loop, clock, std::move(options), told);
  ASSERT_TRUE(until([&] { return !told.losses.empty(); }));
  EXPECT_THAT(told.losses[0], HasSubstr("/nonexistent/butai-worker"));
}

class Jpeg : public LineTest {
 protected:
  std::vector<Bytes> pictures(const std::string& size, int count) {
    made(size + "_001.jpg", "-f lavfi -i testsrc2=size=" + size + ":rate=30 -frames:v " +
                                std::to_string(count) + " -q:v 3 " + media_folder().operator/(size) +
                                "_%03d.jpg -frames:v 1 -y");
    std::vector<Bytes> list;
    for (int i = 1; i <= count; ++i) {
      list.push_back(file_bytes(media_folder() / fmt::format("{}_{:03}.jpg", size, i)));
    }
    return list;
  }
  // One picture at a time, each waited for; 1/30 s apart in arrival.
  void encode_all(const std::vector<Bytes>& list) {
    for (const Bytes& jpeg : list) {
      const std::size_t before = told.video.size();
      line->write(jpeg, arrival, arrival - Millis{7});
      ASSERT_TRUE(until([&] { return told.video.size() > before; }));
      arrival += Micros{33'333};
    }
  }
  Utc arrival = utc_of(1'800'000'001'000'000);
};

TEST_F(Jpeg, makes_h264_with_key_frames_on_the_segment_grid) {
  open(Job::Jpeg);
  encode_all(pictures("640x360", 60));
  ASSERT_EQ(told.tracks.size(), 1U);
  EXPECT_EQ(decodable(told.video, told.tracks[0], "from_jpeg.h264"), 60U);
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    if (told.video[i].key) keys.push_back(i);
  }
  EXPECT_THAT(keys, ::testing::ElementsAre(0, 31)) << "the first, and the first at or after the 2 s";
  EXPECT_EQ(told.video[5].captured, utc_of(1'800'000'001'000'000 + 5 * 33'333 - 7'000));
  EXPECT_EQ(told.video[5].pts, told.video[5].dts);
  EXPECT_EQ(told.video[0].pts, 1'800'000'001LL * 90'000);
}

TEST_F(Jpeg, tells_a_new_track_when_the_size_changes) {
  open(Job::Jpeg);
  encode_all(pictures("640x360", 3));
  encode_all(pictures("321x241", 3));
  EXPECT_EQ(told.track_tellings, 2);
  EXPECT_EQ(told.tracks[0].width, 320);
  EXPECT_EQ(told.tracks[0].height, 240);
  EXPECT_TRUE(told.video[3].key);
}

TEST_F(Jpeg, encodes_on_wish_a_key_frame) {
  open(Job::Jpeg);
  const auto list = pictures("640x360", 3);
  encode_all(list);
  line->ask_key_frame();
  encode_all(list);
  EXPECT_TRUE(told.video[3].key);
  EXPECT_FALSE(told.video[4].key);
}

TEST_F(Jpeg, complains_about_a_broken_picture_and_goes_on) {
  open(Job::Jpeg);
  auto list = pictures("640x360", 3);
  line->write(list[0].slice(0, 300), arrival);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  arrival += Millis{100};
  encode_all(list);
  EXPECT_THAT(told.losses, IsEmpty());
}

TEST_F(Jpeg, keeps_the_newest_picture_when_the_encoder_is_behind) {
  open(Job::Jpeg);
  const auto list = pictures("1280x720", 30);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_TRUE(line->write(list[i % 30], arrival, arrival));
    arrival += Micros{33'333};
  }
  const auto newest = Ticks::from((arrival - Micros{33'333}).time_since_epoch(), 90'000).value;
  ASSERT_TRUE(until([&] { return !told.video.empty() && told.video.back().pts == newest; }));
  EXPECT_LT(told.video.size(), 60U) << "the others were left out";
}

class CaptureJob : public LineTest {
 protected:
  static double seconds_of(const media::Frame& frame, const media::Track& track) {
    return static_cast<double>(frame.pts) / track.timescale;
  }
  double now() const { return static_cast<double>(micros_of(clock.utc())) / 1e6; }
};

TEST_F(CaptureJob, draws_the_test_card_on_the_wall_clock_with_a_tone) {
  Capture capture;
  capture.source = "test";
  capture.width = 640, capture.height = 360;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.video.size() >= 70 && told.audio.size() >= 100; }));
  const media::Track video = *told.track(media::kVideoTrack);
  EXPECT_EQ(video.width, 640);
  EXPECT_EQ(video.frame_rate, (media::Rational{30, 1}));
  EXPECT_NEAR(seconds_of(told.video.back(), video), now(), 0.3);
  EXPECT_NEAR(seconds_of(told.audio.back(), *told.track(media::kAudioTrack)), now(), 0.3);
  EXPECT_NEAR(static_cast<double>(micros_of(told.video.back().captured)) / 1e6, now(), 0.3);
  EXPECT_EQ(decodable(told.video, video, "from_card.h264"), told.video.size());
  std::size_t keys = 0;
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    if (!told.video[i].key) continue;
    ++keys;
    if (i > 0) {
      EXPECT_EQ(told.video[i].pts % 180'000, 0) << "on a full 2 s of UTC";
    }
  }
  EXPECT_GE(keys, 2U);
  for (std::size_t i = 1; i < told.audio.size(); ++i) {
    EXPECT_EQ(told.audio[i].dts - told.audio[i - 1].dts, 1024) << i;
  }
}

TEST_F(CaptureJob, sends_the_test_card_as_jpeg) {
  Capture capture;
  capture.source = "test";
  capture.format = Capture::Format::Jpeg;
  capture.width = 320, capture.height = 180;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.pictures.size() >= 5; }));
  const auto info = media::inspect_jpeg(told.pictures[4].jpeg, 1'000'000);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->width, 320);
  EXPECT_GT(told.pictures[4].captured, told.pictures[3].captured);
}

TEST_F(CaptureJob, passes_a_file_through_at_its_own_pace_and_loops) {
  Capture capture;
  capture.source = "file:" + plain_mp4();
  capture.loop = true;
  open(Job::Capture, capture);
  const auto source = testing::packets_of(plain_mp4(), "v");
  ASSERT_TRUE(until([&] { return !told.video.empty(); }));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return told.video.size() > source.size() + 5; }));
  EXPECT_GT(std::chrono::steady_clock::now() - begun, Millis{2'800});
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    EXPECT_EQ(adler32(told.video[i].data), source[i % source.size()].sum) << i;
    if (i > 0) {
      EXPECT_GT(told.video[i].dts, told.video[i - 1].dts) << i;
    }
  }
  EXPECT_NEAR(seconds_of(told.video.back(), *told.track(media::kVideoTrack)), now(), 0.3);
}

TEST_F(CaptureJob, ends_with_its_file) {
  Capture capture;
  capture.source = "file:" + made("short.mp4", "-i " + plain_mp4() + " -t 0.5 -c copy");
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_GE(told.video.size(), 14U);
  EXPECT_THAT(told.losses, IsEmpty());
}

TEST_F(CaptureJob, makes_jpegs_of_a_file_at_the_size_and_rate_asked_for) {
  Capture capture;
  capture.source = "file:" + plain_mp4();
  capture.format = Capture::Format::Jpeg;
  capture.width = 320, capture.height = 180;
  capture.frames_per_second = 10;
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return told.ended; }));
  EXPECT_NEAR(static_cast<double>(told.pictures.size()), 30, 3);
  EXPECT_EQ(told.pictures[0].width, 320);
}

TEST_F(CaptureJob, says_what_is_wrong_with_its_source) {
  Capture capture;
  capture.source = "file:/nonexistent.mp4";
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  EXPECT_THAT(told.complaints[0], HasSubstr("/nonexistent.mp4 cannot be opened"));
  EXPECT_TRUE(until([&] { return !told.losses.empty(); }));
}

TEST_F(CaptureJob, says_what_is_wrong_with_a_camera) {
  Capture capture;
  capture.source = "camera:/dev/null";
  open(Job::Capture, capture);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  EXPECT_THAT(told.complaints[0], HasSubstr("/dev/null"));
}

}  // namespace
}  // namespace butai::worker::testing
