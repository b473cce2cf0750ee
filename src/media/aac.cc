#include "media/aac.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "media/bit_reader.h"
#include "media/limits.h"

namespace butai::media {
namespace {

// samplingFrequencyIndex, table 1.18; 13 and 14 are reserved, 15 means "24 bits follow".
constexpr std::array<std::uint32_t, 13> kRates = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                                  22050, 16000, 12000, 11025, 8000,  7350};
// channelConfiguration, table 1.19; 0 (a program config element) is not taken.
constexpr std::array<std::uint16_t, 8> kChannels = {0, 1, 2, 3, 4, 5, 6, 8};

constexpr std::uint32_t kRateMin = 7350, kRateMax = 96000;  // Hz

std::uint8_t read_object_type(BitReader& bits) {
  const std::uint32_t type = bits.bits(5);
  return static_cast<std::uint8_t>(type == 31 ? 32 + bits.bits(6) : type);
}

// 0: reserved or out of range.
std::uint32_t read_rate(BitReader& bits) {
  const std::uint32_t index = bits.bits(4);
  const std::uint32_t rate = index == 15             ? bits.bits(24)
                             : index < kRates.size() ? kRates[index]
                                                     : 0;
  return rate >= kRateMin && rate <= kRateMax ? rate : 0;
}

// Which error a layout without a number is: of a program_config_element, two single elements in front and
// nothing else are two programmes.
AacError error_of_elements(BitReader& bits) {
  bits.skip(4 + 2 + 4);  // instance tag, object type, rate
  const std::uint32_t front = bits.bits(4), side = bits.bits(4), back = bits.bits(4);
  bits.skip(2 + 3 + 4);  // LFE, associated data, coupling
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(4);
  if (bits.flag()) bits.skip(3);
  std::uint32_t pairs = 0;
  for (std::uint32_t i = 0; i < front; ++i) {
    pairs += bits.bits(1);
    bits.skip(4);
  }
  const bool two_single = bits.ok() && front == 2 && pairs == 0 && side == 0 && back == 0;
  return two_single ? AacError::DualMono : AacError::BadChannels;
}

// Of a GASpecificConfig behind channelConfiguration 0 (clause 4.4.1).
AacError error_without_number(BitReader& bits) {
  bits.skip(1);                    // frameLengthFlag
  if (bits.flag()) bits.skip(14);  // dependsOnCoreCoder: its delay
  bits.skip(1);                    // extensionFlag
  return error_of_elements(bits);
}

// Of a raw_data_block behind channel_configuration 0: it begins with the element, or, in broadcasting, with
// the first of two single ones.
AacError error_of_block(ByteView block) {
  constexpr std::uint32_t kSingle = 0, kProgramConfig = 5;
  BitReader bits(block);
  const std::uint32_t element = bits.bits(3);
  if (element == kProgramConfig) return error_of_elements(bits);
  return bits.ok() && element == kSingle ? AacError::DualMono : AacError::BadChannels;
}

}  // namespace

std::string_view sentence(AacError error) {
  switch (error) {
    case AacError::Truncated:
      return "the AAC configuration or frame is cut off";
    case AacError::BadObjectType:
      return "this AAC profile is not taken: send AAC-LC or HE-AAC";
    case AacError::BadRate:
      return "the AAC sampling rate must be between 7350 and 96000 Hz";
    case AacError::BadChannels:
      return "the AAC channel layout must be one of the numbered ones, 1 to 8";
    case AacError::DualMono:
      return "the sound is dual mono, two programmes in one track: send one of them, each on a "
             "channel of its own, or let the channel take one or both (dual_mono in the "
             "configuration)";
    case AacError::NotAdts:
      return "not an ADTS frame";
  }
  return "the AAC configuration cannot be used";
}

std::expected<AacConfig, AacError> parse_aac_config(ByteView config) {
  if (config.size() < 2 || config.size() > kAudioConfigMax) {
    return std::unexpected(AacError::Truncated);
  }
  BitReader bits(config);
  AacConfig out;
  out.object_type = read_object_type(bits);
  out.sample_rate = read_rate(bits);
  const std::uint32_t channels = bits.bits(4);
  std::uint8_t core = out.object_type;
  if (core == 5 || core == 29) {  // explicit SBR or PS: its rate, then the core's type
    read_rate(bits);
    core = read_object_type(bits);
  }
  if (!bits.ok()) return std::unexpected(AacError::Truncated);
  if (core < 1 || core > 4) return std::unexpected(AacError::BadObjectType);
  if (out.sample_rate == 0) return std::unexpected(AacError::BadRate);
  if (channels == 0) return std::unexpected(error_without_number(bits));
  if (channels >= kChannels.size()) return std::unexpected(AacError::BadChannels);
  out.channels = kChannels[channels];
  return out;
}

std::expected<Bytes, AacError> make_aac_config(const AacConfig& config) {
  if (config.object_type < 1 || config.object_type > 4) {
    return std::unexpected(AacError::BadObjectType);
  }
  std::uint8_t channels = 0;
  for (std::size_t i = 1; i < kChannels.size(); ++i) {
    if (kChannels[i] == config.channels) channels = static_cast<std::uint8_t>(i);
  }
  if (channels == 0) return std::unexpected(AacError::BadChannels);
  for (std::size_t i = 0; i < kRates.size(); ++i) {
    if (kRates[i] != config.sample_rate) continue;
    const std::uint32_t word = std::uint32_t{config.object_type} << 11 |
                               static_cast<std::uint32_t>(i) << 7 | std::uint32_t{channels} << 3;
    return Bytes({static_cast<std::uint8_t>(word >> 8), static_cast<std::uint8_t>(word)});
  }
  return std::unexpected(AacError::BadRate);
}

std::expected<AdtsFrame, AacError> parse_adts(ByteView bytes) {
  if (bytes.size() < 7) return std::unexpected(AacError::Truncated);
  BitReader bits(bytes);
  if (bits.bits(12) != 0xfff) return std::unexpected(AacError::NotAdts);
  bits.skip(1);                                                      // ID
  if (bits.bits(2) != 0) return std::unexpected(AacError::NotAdts);  // layer
  const bool no_crc = bits.flag();
  AdtsFrame out;
  out.config.object_type = static_cast<std::uint8_t>(bits.bits(2) + 1);
  const std::uint32_t rate = bits.bits(4);
  bits.skip(1);
  const std::uint32_t channels = bits.bits(3);
  bits.skip(4);
  out.whole_size = bits.bits(13);
  bits.skip(11);
  const std::uint32_t blocks = bits.bits(2) + 1;
  const std::size_t header = no_crc ? 7 : 9;
  if (rate >= kRates.size()) return std::unexpected(AacError::BadRate);
  if (channels == 0)
    return std::unexpected(error_of_block(bytes.subspan(std::min(header, bytes.size()))));
  if (blocks != 1) return std::unexpected(AacError::NotAdts);
  if (out.whole_size <= header || out.whole_size > bytes.size()) {
    return std::unexpected(AacError::Truncated);
  }
  out.config.sample_rate = kRates[rate];
  out.config.channels = kChannels[channels];
  out.frame = bytes.subspan(header, out.whole_size - header);
  return out;
}

}  // namespace butai::media
