// Tracks and frames for tests: configurations as x264 and ffmpeg's AAC encoder made them, frames
// with a few bytes of data.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "media/frame.h"
#include "media/track.h"

namespace butai::media::testing {

inline Bytes from_hex(std::string_view hex) {
  const auto digit = [](char c) {
    return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
  };
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  }
  return Bytes(std::move(out));
}

// High profile, level 1.3, 320 x 240, VUI with 30 frames per second.
inline constexpr std::string_view kAvcHigh30 =
    "0164000dffe100196764000dacd94141fb0110000003001000000303c0f142996001000668ebe3cb22c0fdf8f800";
// Constrained baseline, level 3.0, 640 x 360, 30000/1001 frames per second, sample aspect 4:3.
inline constexpr std::string_view kAvcBaseline2997 =
    "0142c01effe1001b6742c01ed900a02ff970e6a020202800001f480007530078b1724001000568cb83cb20";
// Main profile, level 4.0, 1920 x 1080 (cropped from 1088), 25 frames per second.
inline constexpr std::string_view kAvcMain25 =
    "014d4028ffe1001e674d4028eca03c0113f2e02d4040405000000300100000030320f183196001000568ebe3cb20";
// AAC-LC, 48 kHz, mono (with the SBR-absent extension that ffmpeg writes).
inline constexpr std::string_view kAacMono48 = "118856e500";

inline Track video_track(Rational rate = {30, 1}) {
  Track track;
  track.id = kVideoTrack;
  track.codec = Codec::H264;
  track.timescale = 90'000;
  track.config = from_hex(kAvcHigh30);
  track.width = 320;
  track.height = 240;
  track.frame_rate = rate;
  return track;
}

inline Track audio_track(std::uint32_t rate = 48'000) {
  Track track;
  track.id = kAudioTrack;
  track.codec = Codec::Aac;
  track.timescale = rate;
  // object type 2, rate index 3 (48 kHz) or 4 (44.1 kHz), two channels
  track.config = from_hex(rate == 48'000 ? "1190" : "1210");
  track.sample_rate = rate;
  track.channels = 2;
  return track;
}

// One slice of a few bytes: NAL type 5 (IDR) or 1.
inline Frame video_frame(std::int64_t dts, bool is_key) {
  Frame frame;
  frame.track = kVideoTrack;
  frame.dts = frame.pts = dts;
  frame.key = is_key;
  frame.data = from_hex(is_key ? "0000000365aabb" : "0000000341aabb");
  return frame;
}

inline Frame audio_frame(std::int64_t dts) {
  Frame frame;
  frame.track = kAudioTrack;
  frame.dts = frame.pts = dts;
  frame.key = true;
  frame.data = from_hex("21100504");
  return frame;
}

}  // namespace butai::media::testing
