// The packager of a protected channel: what comes out is encrypted, always, and says with which key.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/testing/manual_time.h"
#include "drm/pssh.h"
#include "drm/testing/keys.h"
#include "media/box_reader.h"
#include "media/testing/tracks.h"
#include "package/dash_writer.h"
#include "package/hls_writer.h"
#include "package/packager.h"
#include "package/testing/transcript.h"

namespace butai::package {
namespace {

using media::Scheme;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::int64_t kOrigin = 1'800'000'000;  // seconds since 1970; on the grid of 2 s

class Source final : public drm::KeyProvider {
 public:
  void fetch(const drm::KeyRequest& request, Executor& home, Done done) override {
    home.post([this, scheme = request.scheme, done = std::move(done)]() mutable {
      if (broken) return done(problem("the service is away"));
      done(drm::testing::key_period(scheme, ++given));
    });
  }
  std::uint64_t given = 0;
  bool broken = false;
};

class ProtectionTest : public ::testing::Test {
 protected:
  void open(Scheme scheme, Micros rotation = Micros{0}) {
    PackagerOptions options;
    options.keys = std::make_unique<drm::KeySchedule>(
        drm::ScheduleOptions{{"main", scheme}, rotation}, source_, time_);
    packager_ = std::make_unique<Packager>(sink_, std::move(options));
    packager_->on_tracks({media::testing::audio_track(), picture()});
  }
  static media::Track picture() {
    media::Track track = media::testing::video_track();
    track.config = media::testing::from_hex(media::testing::kAvcHigh30);
    return track;
  }
  // A picture whose slice begins after 7 bytes and is full of one byte, so that clear ones are seen.
  static media::Frame slice(double seconds, bool is_key) {
    media::Frame frame = media::testing::video_frame(ticks(seconds, 90'000), is_key);
    std::vector<std::uint8_t> data = {0, 0, 1, 0x07};
    const Bytes header = media::testing::from_hex("650288884003bf");
    data.insert(data.end(), header.view().begin(), header.view().end());
    data.resize(4 + 7 + 256, 0xab);
    frame.data = Bytes(std::move(data));
    return frame;
  }
  void video(double seconds, bool is_key) { packager_->on_frame(slice(seconds, is_key)); }
  // A picture of `config`'s size, and sound.
  void join_ladder(std::string_view config) {
    media::Track rung = picture();
    rung.id = media::kFirstRung;
    rung.name = "rung";
    rung.config = media::testing::from_hex(config);
    media::Track radio = media::testing::audio_track();
    radio.id = media::kFirstRung + 1;
    radio.name = "radio";
    packager_->on_ladder({rung, radio});
  }
  void ladder_frame(media::Frame frame, media::TrackId track) {
    frame.track = track;
    packager_->on_ladder_frame(std::move(frame));
  }
  // The same as play(), then the ladder's frames of that time.
  void play_with_ladder(double from, double to) {
    play(from, to);
    for (int i = 0; from + i / 30.0 < to - 1e-9; ++i) {
      ladder_frame(slice(from + i / 30.0, i % 60 == 0), media::kFirstRung);
    }
    for (int i = 0; i * 1024 < (to - from) * 48'000; ++i) {
      ladder_frame(media::testing::audio_frame(ticks(from + i * 1024 / 48'000.0, 48'000)),
                   media::kFirstRung + 1);
    }
  }
  void play(double from, double to) {
    std::int64_t sound = 0;
    for (int i = 0; from + i / 30.0 < to - 1e-9; ++i) {
      for (; static_cast<double>(sound) * 1024 / 48'000 <= i / 30.0; ++sound) {
        packager_->on_frame(media::testing::audio_frame(
            ticks(from + static_cast<double>(sound) * 1024 / 48'000, 48'000)));
      }
      video(from + i / 30.0, i % 60 == 0);
    }
  }
  static std::int64_t ticks(double seconds, std::int64_t timescale) {
    return kOrigin * timescale + std::llround(seconds * static_cast<double>(timescale));
  }

  butai::testing::ManualTime time_;
  Source source_;
  testing::Transcript sink_{kOrigin};
  std::unique_ptr<Packager> packager_;
};

TEST_F(ProtectionTest, nothing_is_published_before_there_are_keys) {
  source_.broken = true;
  open(Scheme::Cbcs);
  time_.run();
  play(0, 4);
  EXPECT_THAT(sink_.lines(), IsEmpty());
  EXPECT_THAT(sink_.chunks, IsEmpty());
  source_.broken = false;
  time_.advance(Seconds{1});
  play(4, 6);
  EXPECT_THAT(sink_.lines(), Contains(HasSubstr("presentation 1")));
  EXPECT_THAT(sink_.chunks, Not(IsEmpty()));
}

TEST_F(ProtectionTest, no_chunk_has_its_slice_in_clear) {
  for (const Scheme scheme : {Scheme::Cbcs, Scheme::Cenc}) {
    sink_.chunks.clear();
    open(scheme);
    time_.run();
    play(0, 2);
    ASSERT_THAT(sink_.chunks, Not(IsEmpty()));
    for (const auto& chunk : sink_.chunks) {
      EXPECT_THAT(std::string(chunk->bytes.text()), HasSubstr("senc"));
      if (chunk->track != media::kVideoTrack) continue;
      const auto parsed = media::parse_chunk(chunk->bytes);
      ASSERT_TRUE(parsed);
      const ByteView sample = parsed->samples.front().bytes;
      const std::string_view first_block = as_text(sample).substr(4 + 7, 16);
      EXPECT_NE(first_block, std::string(16, '\xab'));
    }
  }
}

TEST_F(ProtectionTest, a_key_period_begins_with_a_presentation_and_no_break) {
  open(Scheme::Cbcs, Seconds{10});
  time_.run();
  for (int second = 0; second < 14; second += 2) {
    play(second, second + 2);
    time_.run();
  }
  ASSERT_EQ(sink_.presentations.size(), 2u);
  const auto& first = *sink_.presentations[0];
  const auto& second = *sink_.presentations[1];
  EXPECT_EQ(second.number, first.number + 1);
  EXPECT_NE(first.renditions[0].track.protection->kid, second.renditions[0].track.protection->kid);
  // Sound has a key of its own, and the next key was announced with the period before.
  EXPECT_NE(first.renditions[0].track.protection->kid, first.renditions[1].track.protection->kid);
  EXPECT_THAT(std::string(second.renditions[0].init.text()), HasSubstr("encv"));
  EXPECT_THAT(std::string(second.renditions[1].init.text()), HasSubstr("enca"));
  // Every header names the keys of all that plays together.
  const std::vector<media::KeyId> kids{second.renditions[0].track.protection->kid,
                                       second.renditions[1].track.protection->kid};
  const std::string pssh(drm::common_pssh(kids).text());
  EXPECT_THAT(std::string(second.renditions[0].init.text()), EndsWith(pssh));
  EXPECT_THAT(std::string(second.renditions[1].init.text()), EndsWith(pssh));
  EXPECT_THAT(std::string(second.init_all.text()), EndsWith(pssh));
  const auto lines = sink_.lines();
  EXPECT_THAT(lines, Contains(HasSubstr("at 10.000 init 2")));
  EXPECT_THAT(lines, Not(Contains(HasSubstr("after a break"))));
  // Chunks of both tracks say the presentation of their segment.
  for (const auto& chunk : sink_.chunks) {
    const bool late = chunk->start.seconds() - kOrigin >= 10.1;
    const bool early = chunk->start.seconds() - kOrigin < 9.9;
    if (late) {
      EXPECT_EQ(chunk->init, 2u);
    }
    if (early) {
      EXPECT_EQ(chunk->init, 1u);
    }
  }
}

TEST_F(ProtectionTest, the_ladder_is_protected_and_changes_keys_with_the_picture) {
  open(Scheme::Cbcs, Seconds{10});
  time_.run();
  play(0, 1);
  join_ladder(media::testing::kAvcHigh30);
  for (int second = 2; second < 16; second += 2) {
    play_with_ladder(second, second + 2);
    time_.run();
  }
  ASSERT_EQ(sink_.presentations.size(), 2u);
  for (const auto& presentation : sink_.presentations) {
    ASSERT_EQ(presentation->renditions.size(), 4u);
    const auto kid = [&](std::size_t i) {
      return presentation->renditions[i].track.protection->kid;
    };
    EXPECT_EQ(kid(2), kid(0)) << "pictures of one class share a key";
    EXPECT_EQ(kid(3), kid(1)) << "and so does sound";
  }
  std::map<media::TrackId, std::size_t> chunks;
  for (const auto& chunk : sink_.chunks) {
    ++chunks[chunk->track];
    EXPECT_THAT(std::string(chunk->bytes.text()), HasSubstr("senc"));
    EXPECT_EQ(chunk->bytes.text().find(std::string(192, '\xab')), std::string::npos);
  }
  EXPECT_GT(chunks[media::kFirstRung], 360u);
  EXPECT_GT(chunks[media::kFirstRung + 1], 0u);
  for (const media::TrackId track : {media::kFirstRung, media::kFirstRung + 1}) {
    for (const auto& segment : sink_.log(track).segments()) {
      EXPECT_EQ(segment.init, segment.start.seconds() - kOrigin < 9.9 ? 1u : 2u) << track;
    }
  }
}

TEST_F(ProtectionTest, a_ladder_that_joins_after_a_change_of_keys_begins_with_the_new_ones) {
  open(Scheme::Cbcs, Seconds{10});
  time_.run();
  for (int second = 0; second < 12; second += 2) {
    play(second, second + 2);
    time_.run();
  }
  join_ladder(media::testing::kAvcHigh30);
  play_with_ladder(12, 14);
  const auto& own = sink_.log(media::kFirstRung).segments();
  ASSERT_THAT(own, Not(IsEmpty()));
  EXPECT_EQ(own.front().init, 2u) << "presentation 1 knows nothing of it";
}

TEST_F(ProtectionTest, a_ladder_that_comes_before_the_keys_waits_for_them) {
  source_.broken = true;
  open(Scheme::Cbcs);
  time_.run();
  play(0, 2);
  join_ladder(media::testing::kAvcHigh30);
  play_with_ladder(2, 4);
  EXPECT_THAT(sink_.presentations, IsEmpty());
  EXPECT_THAT(sink_.chunks, IsEmpty());
  source_.broken = false;
  time_.advance(Seconds{1});
  play_with_ladder(4, 6);
  ASSERT_EQ(sink_.presentations.size(), 1u);
  EXPECT_EQ(sink_.presentations[0]->renditions.size(), 4u);
}

TEST_F(ProtectionTest, pictures_of_two_sizes_have_keys_and_sets_of_their_own) {
  open(Scheme::Cbcs);
  time_.run();
  join_ladder(media::testing::kAvcMain25);  // 1920 x 1080
  play_with_ladder(0, 4);
  const auto& renditions = sink_.presentations.back()->renditions;
  EXPECT_NE(renditions[0].track.protection->kid, renditions[2].track.protection->kid);
  EXPECT_EQ(renditions[1].track.protection->kid, renditions[3].track.protection->kid);
  const std::string manifest = dash_manifest(sink_.presentations, sink_.renditions(), {});
  EXPECT_THAT(manifest, HasSubstr("<AdaptationSet id=\"1\" contentType=\"video\""));
  EXPECT_THAT(manifest, HasSubstr("<AdaptationSet id=\"2\" contentType=\"audio\""));
  EXPECT_THAT(manifest, HasSubstr(fmt::format("<AdaptationSet id=\"{}\" contentType=\"video\"",
                                              media::kFirstRung)));
  EXPECT_THAT(manifest, HasSubstr(fmt::format("adaptation-set-switching:2016\" value=\"{}\"",
                                              media::kFirstRung)));
  EXPECT_THAT(manifest, HasSubstr("adaptation-set-switching:2016\" value=\"1\""));
  EXPECT_THAT(manifest, Not(HasSubstr("adaptation-set-switching:2016\" value=\"2\"")));
  // The multivariant playlist names the key of each class once.
  const std::string playlist = hls_multivariant(*sink_.presentations.back(), {});
  std::size_t keys = 0;
  for (std::size_t at = 0; (at = playlist.find("EXT-X-SESSION-KEY", at)) != std::string::npos;
       ++at) {
    ++keys;
  }
  EXPECT_EQ(keys, 6u) << "three running, three that come next";
}

TEST_F(ProtectionTest, a_picture_that_cannot_be_protected_is_left_out) {
  open(Scheme::Cbcs);
  time_.run();
  video(0, true);
  const std::size_t before = sink_.chunks.size();
  media::Frame broken = media::testing::video_frame(ticks(1 / 30.0, 90'000), false);
  broken.data = media::testing::from_hex("000000026188");
  packager_->on_frame(broken);
  EXPECT_EQ(sink_.chunks.size(), before);
}

TEST_F(ProtectionTest, playlists_and_manifests_say_each_periods_key) {
  open(Scheme::Cbcs, Seconds{10});
  time_.run();
  for (int second = 0; second < 16; second += 2) {
    play(second, second + 2);
    time_.run();
  }
  const auto renditions = sink_.renditions();
  HlsOptions options;
  options.presentations = sink_.presentations;
  const std::string identity = hls_media(renditions[0], {}, options);
  EXPECT_THAT(identity, HasSubstr("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"../../../license/identity/"
                                  "01112233445566778899aabbccddeefe\",KEYFORMAT=\"identity\"\n"
                                  "#EXT-X-MAP:URI=\"init-1.mp4\"\n"));
  EXPECT_THAT(identity, HasSubstr("/license/identity/02112233445566778899aabbccddeefe\","
                                  "KEYFORMAT=\"identity\"\n#EXT-X-MAP:URI=\"init-2.mp4\"\n"));
  EXPECT_THAT(identity, Not(HasSubstr("DISCONTINUITY\n")));
  options.keys.lines = KeyLines::ClearKey;
  EXPECT_THAT(hls_media(renditions[0], {}, options), HasSubstr("KEYFORMAT=\"org.w3.clearkey\""));
  options.keys.asked = true;
  const std::string master = hls_multivariant(*sink_.presentations.back(), {}, options);
  EXPECT_THAT(master, HasSubstr("\nvideo/index.m3u8?keys=clearkey\n"));
  EXPECT_THAT(master, HasSubstr("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,"));

  DashOptions dash;
  dash.license_address = "https://host/t/T/license";
  const std::string manifest = dash_manifest(sink_.presentations, renditions, dash);
  EXPECT_THAT(manifest, HasSubstr("cenc:default_KID=\"01112233-4455-6677-8899-aabbccddeefe\""));
  EXPECT_THAT(manifest, HasSubstr("cenc:default_KID=\"02112233-4455-6677-8899-aabbccddeefe\""));
  EXPECT_THAT(manifest, HasSubstr(">https://host/t/T/license/clearkey</dashif:Laurl>"));
}

}  // namespace
}  // namespace butai::package
