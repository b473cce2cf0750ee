// What a track is: codec, clock, and the configuration a decoder needs.
// Flow:   worker (or a test) -> live::Channel -> package; a copy travels with every presentation.
// Thread: plain value, any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "media/protection.h"

namespace butai::media {

enum class Codec : std::uint8_t { H264 = 1, Aac = 2 };

// Which of a channel's tracks: the source's picture, its sound, the other one that viewers may choose
// instead, and from kFirstRung on what the ladder made of them.
using TrackId = std::uint32_t;
inline constexpr TrackId kVideoTrack = 1;
inline constexpr TrackId kAudioTrack = 2;
inline constexpr TrackId kSecondSound = 3;
inline constexpr TrackId kFirstRung = 4;
// From here on, languages of cues in playlists and manifests; no frames have them.
inline constexpr TrackId kFirstText = 1000;

// ISO/IEC 14496-12 track_ID: every picture is 1 and every sound 2, so that the same chunk is right
// beside the joint init segment (WebSocket) and the one of a single track (HLS, DASH).
constexpr std::uint32_t iso_track_id(Codec codec) { return codec == Codec::H264 ? 1 : 2; }

struct Rational {
  std::uint32_t num = 0;  // 0: unknown
  std::uint32_t den = 1;
  friend bool operator==(const Rational&, const Rational&) = default;
};

struct Track {
  TrackId id = kVideoTrack;
  Codec codec = Codec::H264;
  std::string name;                  // of the ladder's rendition; empty: the source's own
  std::string language;              // of sound, BCP 47; empty: nobody said
  std::uint32_t timescale = 90'000;  // ticks per second of dts, pts, duration
  // H.264: AVCDecoderConfigurationRecord (ISO/IEC 14496-15:2022 clause 5.3.3.1).
  // AAC: AudioSpecificConfig (ISO/IEC 14496-3:2019 clause 1.6.2.1).
  Bytes config;
  std::uint16_t width = 0, height = 0;  // video, pixels after cropping
  Rational frame_rate;                  // video; num 0 when the source does not say
  std::uint32_t sample_rate = 0;        // audio, Hz
  std::uint16_t channels = 0;           // audio
  std::uint32_t bitrate = 0;            // bits per second as announced by the encoder; 0: unknown
  // Nothing: clear. Set by the packager.
  std::optional<TrackProtection> protection = std::nullopt;
};

// Whether a decoder that plays `a` can go on with `b` without a new init segment.
inline bool same_decoding(const Track& a, const Track& b) {
  return a.id == b.id && a.codec == b.codec && a.timescale == b.timescale &&
         a.config.text() == b.config.text();
}

}  // namespace butai::media
