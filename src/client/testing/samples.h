// Small real media for tests: an H.264 track (64 x 48, x264 baseline) and frames that look like it.
// Thread: pure functions, any.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/h264.h"
#include "media/track.h"

namespace butai::client::testing {

inline media::Track video_track() {
  const std::vector<std::uint8_t> sps = {0x67, 0x42, 0xc0, 0x0a, 0xda, 0x11, 0xec,
                                         0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40,
                                         0x00, 0x00, 0x0f, 0x23, 0xc4, 0x89, 0xa8};
  const std::vector<std::uint8_t> pps = {0x68, 0xce, 0x0f, 0xc8};
  media::AvcConfig config;
  config.sps.push_back(Bytes(sps));
  config.pps.push_back(Bytes(pps));
  media::Track track;
  track.config = *media::make_avc_config(config);
  track.width = 64;
  track.height = 48;
  track.frame_rate = {30, 1};
  return track;
}

inline media::Track audio_track() {
  media::Track track;
  track.id = media::kAudioTrack;
  track.codec = media::Codec::Aac;
  track.timescale = 48'000;
  track.sample_rate = 48'000;
  track.channels = 2;
  track.config = Bytes(std::vector<std::uint8_t>{0x11, 0x90});  // AAC-LC, 48 kHz, stereo
  return track;
}

enum class Coded : std::uint8_t { Key, Delta };

// The `index`-th frame of 30 a second from `start`, captured then.
inline media::Frame video_frame(Utc start, int index, Coded coded, std::size_t bytes = 100) {
  std::vector<std::uint8_t> nal(bytes, 0x55);
  nal[0] = coded == Coded::Key ? 0x65 : 0x41;
  const Bytes unit{std::move(nal)};
  media::Frame frame;
  frame.captured = start + Micros{index * 1'000'000LL / 30};
  frame.dts = frame.pts = Ticks::from(start.time_since_epoch(), 90'000).value + index * 3000;
  frame.key = coded == Coded::Key;
  frame.data = media::join_lengths({unit.view()});
  return frame;
}

inline media::Frame audio_frame(Utc start, int index) {
  media::Frame frame;
  frame.track = media::kAudioTrack;
  frame.dts = frame.pts = Ticks::from(start.time_since_epoch(), 48'000).value + index * 1024;
  frame.key = true;
  frame.data = Bytes(std::vector<std::uint8_t>(32, 0x21));
  return frame;
}

// A JPEG as far as its headers go: SOI, SOF0 of 64 x 48 in one component, SOS, some bytes, EOI.
inline Bytes picture(std::uint8_t filling, std::size_t bytes = 100) {
  std::vector<std::uint8_t> jpeg = {0xff, 0xd8, 0xff, 0xc0, 0x00, 0x0b, 0x08, 0x00, 0x30,
                                    0x00, 0x40, 0x01, 0x01, 0x11, 0x00, 0xff, 0xda, 0x00,
                                    0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00};
  jpeg.insert(jpeg.end(), bytes, filling);
  jpeg.insert(jpeg.end(), {0xff, 0xd9});
  return Bytes(std::move(jpeg));
}

}  // namespace butai::client::testing
