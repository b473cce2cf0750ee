// An hour of 59.94 pictures a second with sound by RTMP, whose times are whole milliseconds, on the simulated
// clock: sound stays with the picture, whatever the encoder's clock does and wherever it stands.
#include <gtest/gtest.h>

#include <cmath>
#include <variant>

#include "ingest/rtmp/chunk_codec.h"
#include "ingest/rtmp/media_path.h"
#include "live/limits.h"
#include "live/timeline.h"
#include "media/testing/tracks.h"

namespace butai::ingest::rtmp {
namespace {

using media::FlvPart;
using media::testing::from_hex;

struct Case {
  const char* name;
  double ppm;                 // how much the encoder's clock is fast
  std::uint32_t from_millis;  // what it says at the beginning
};

constexpr std::uint32_t kHour = 3'600'000;
constexpr std::uint32_t kExtended =
    0xff'ffff;  // 4 h 39 m 37 s: from here on times are 32 bits in a chunk

class HourByRtmp : public ::testing::TestWithParam<Case> {
 protected:
  // Through chunks and back, at this true time (seconds) of an encoder whose clock differs.
  void send(MessageType type, double seconds, Bytes body) {
    const double told = GetParam().from_millis + seconds * 1000 * (1 + GetParam().ppm * 1e-6);
    const auto timestamp = static_cast<std::uint32_t>(std::llround(told));
    std::vector<std::uint8_t> bytes;
    writer_.write({type, type == MessageType::Video ? 6u : 4u, 1, timestamp, std::move(body)},
                  bytes);
    ByteView rest = bytes;
    const auto message = reader_.next(rest);
    ASSERT_TRUE(message && *message);
    ASSERT_EQ((*message)->timestamp, timestamp);
    ASSERT_TRUE(path_.take(type, timestamp, (*message)->payload));
    // A line that jitters by up to 40 ms.
    const Micros jitter{(jitter_ = (jitter_ * 1103515245 + 12345) % 40'000)};
    const Utc arrived = kStart + Micros{static_cast<std::int64_t>(seconds * 1e6)} + jitter;
    for (MediaItem& item : path_.take_items()) {
      if (const auto* frame = std::get_if<media::Frame>(&item)) place(*frame, seconds, arrived);
    }
  }

  void place(const media::Frame& frame, double seconds, Utc arrived) {
    const bool picture = frame.track == media::kVideoTrack;
    const auto placed = line_.place(frame, picture ? 90'000 : 48'000, arrived);
    discontinuities_ += placed.discontinuity ? 1 : 0;
    const double offset = std::chrono::duration<double>(placed.when - kStart).count() - seconds;
    (picture ? picture_offset_ : sound_offset_) = offset;
    ++(picture ? pictures_ : sounds_);
    farthest_ = std::max(farthest_, std::abs(offset));
    if (pictures_ > 1 && sounds_ > 1) {
      apart_ = std::max(apart_, std::abs(picture_offset_ - sound_offset_));
    }
  }

  static constexpr Utc kStart = utc_of(1'800'000'000'000'000);
  ChunkWriter writer_;
  ChunkReader reader_;
  MediaPath path_;
  live::Timeline line_;
  std::int64_t jitter_ = 1;
  int discontinuities_ = 0;
  std::int64_t pictures_ = 0, sounds_ = 0;
  double picture_offset_ = 0, sound_offset_ = 0, farthest_ = 0, apart_ = 0;  // seconds
};

TEST_P(HourByRtmp, keeps_sound_within_20_ms_of_the_picture) {
  const Bytes key = media::flv_video({FlvPart::Unit, true, 0, from_hex("0000000365aabb")});
  const Bytes other = media::flv_video({FlvPart::Unit, false, 0, from_hex("0000000341aabb")});
  const Bytes sound = media::flv_audio({FlvPart::Unit, from_hex("21100504")});
  const Bytes avc = from_hex(media::testing::kAvcHigh30), aac = from_hex("1190");
  send(MessageType::Video, 0, media::flv_video({FlvPart::Config, true, 0, avc}));
  send(MessageType::Audio, 0, media::flv_audio({FlvPart::Config, aac}));
  std::int64_t heard = 0;
  constexpr std::int64_t kPictures = 3600LL * 60'000 / 1001;
  for (std::int64_t i = 0; i < kPictures; ++i) {
    const double at = static_cast<double>(i) * 1001 / 60'000;
    for (; static_cast<double>(heard) * 1024 / 48'000 <= at; ++heard) {
      send(MessageType::Audio, static_cast<double>(heard) * 1024 / 48'000, sound);
    }
    send(MessageType::Video, at, i % 120 == 0 ? key : other);
  }
  EXPECT_EQ(pictures_, kPictures);
  EXPECT_EQ(sounds_, heard);
  EXPECT_EQ(discontinuities_, 0);
  EXPECT_LE(apart_, 0.020);
  EXPECT_LT(farthest_, std::chrono::duration<double>(live::kOffMax).count());
}

INSTANTIATE_TEST_SUITE_P(Rtmp, HourByRtmp,
                         ::testing::Values(Case{"exact", 0, 0}, Case{"B14_fast_by_200_ppm", 200, 0},
                                           Case{"B14_slow_by_200_ppm", -200, 0},
                                           Case{"B4_through_4_h_39_m", 0, kExtended - kHour / 2},
                                           Case{"B14_drift_through_4_h_39_m", 200,
                                                kExtended - kHour / 2}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace butai::ingest::rtmp
