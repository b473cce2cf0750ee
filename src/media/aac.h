// AAC configuration: what a decoder must be told, and what a publisher may say.
// Flow:   worker (extradata, ADTS) -> media::Track::config -> cmaf_writer (esds), codec strings
// Thread: pure functions, any.
// Limits: kAudioConfigMax; rates 8 to 96 kHz, 1 to 8 channels (reliability B11).
// Spec:   ISO/IEC 14496-3:2019 clauses 1.6.2.1 (AudioSpecificConfig), 1.A.3.2 (ADTS) and 4.4.1.1
//         (program config element); ARIB STD-B32 part 2 clause 5.2.3 (dual mono).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"

namespace butai::media {

inline constexpr std::uint32_t kAacFrameSamples = 1024;  // samples per channel of one AAC-LC frame

struct AacConfig {
  std::uint8_t object_type = 2;   // 2: AAC-LC, 5: HE-AAC, 29: HE-AAC v2
  std::uint32_t sample_rate = 0;  // Hz, of the core decoder
  std::uint16_t channels = 0;
  friend bool operator==(const AacConfig&, const AacConfig&) = default;
};

enum class AacError : std::uint8_t {
  Truncated,
  BadObjectType,
  BadRate,
  BadChannels,
  DualMono,  // two single channels that are two programmes: a language each, as broadcasters send them
  NotAdts,
};
std::string_view sentence(AacError error);

// What viewers hear of dual mono.
enum class DualMono : std::uint8_t {
  Refuse,
  Main,  // the first single channel: in Japan the programme's own language
  Sub,   // the second
  Both,  // whichever they choose: a sound each
};

std::expected<AacConfig, AacError> parse_aac_config(ByteView config);
// The shortest AudioSpecificConfig for AAC-LC and its kin (object types 1 to 4).
std::expected<Bytes, AacError> make_aac_config(const AacConfig& config);

struct AdtsFrame {
  AacConfig config;
  ByteView frame;              // raw_data_block, without header and CRC
  std::size_t whole_size = 0;  // bytes of the ADTS frame with its header
};
// The ADTS frame at the front of `bytes`.
std::expected<AdtsFrame, AacError> parse_adts(ByteView bytes);

}  // namespace butai::media
