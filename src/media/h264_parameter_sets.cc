#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <utility>

#include "media/bit_reader.h"
#include "media/byte_reader.h"
#include "media/h264.h"
#include "media/limits.h"

namespace butai::media {
namespace {

// profile_idc values whose SPS carries chroma format and bit depths (clause 7.3.2.1.1).
bool has_chroma_fields(std::uint8_t profile) {
  constexpr std::array<std::uint8_t, 13> kHigh = {100, 110, 122, 244, 44,  83, 86,
                                                  118, 128, 138, 139, 134, 135};
  return std::ranges::find(kHigh, profile) != kHigh.end();
}

// Sample aspect ratios 1 to 16, table E-1.
constexpr std::array<Rational, 17> kAspects = {{{0, 1},
                                                {1, 1},
                                                {12, 11},
                                                {10, 11},
                                                {16, 11},
                                                {40, 33},
                                                {24, 11},
                                                {20, 11},
                                                {32, 11},
                                                {80, 33},
                                                {18, 11},
                                                {15, 11},
                                                {64, 33},
                                                {160, 99},
                                                {4, 3},
                                                {3, 2},
                                                {2, 1}}};
constexpr std::uint32_t kExtendedAspect = 255;

void skip_scaling_list(BitReader& bits, int count) {
  std::int64_t last = 8, next = 8;
  for (int i = 0; i < count && bits.ok(); ++i) {
    if (next != 0) next = (last + bits.se() + 256) % 256;
    last = next == 0 ? last : next;
  }
}

// False: a value out of its range.
bool read_chroma(BitReader& bits, Sps& sps) {
  const std::uint32_t format = bits.ue();
  if (format > 3) return false;
  if (format == 3) sps.separate_planes = bits.flag();
  const std::uint32_t luma = bits.ue(), chroma = bits.ue();
  if (luma > 6 || chroma > 6) return false;
  sps.chroma_format = static_cast<std::uint8_t>(format);
  sps.luma_depth = static_cast<std::uint8_t>(8 + luma);
  sps.chroma_depth = static_cast<std::uint8_t>(8 + chroma);
  bits.skip(1);
  if (bits.flag()) {
    const int lists = format == 3 ? 12 : 8;
    for (int i = 0; i < lists; ++i) {
      if (bits.flag()) skip_scaling_list(bits, i < 6 ? 16 : 64);
    }
  }
  return true;
}

bool read_picture_order(BitReader& bits, Sps& sps) {
  const std::uint32_t type = sps.order_type = bits.ue();
  if (type > 2) return false;
  if (type == 0) {
    const std::uint32_t more_bits = bits.ue();
    sps.order_bits = 4 + std::min(more_bits, 12u);
    return more_bits <= 12;
  }
  if (type == 1) {
    sps.order_delta_zero = bits.flag();
    bits.se();
    bits.se();
    const std::uint32_t cycle = bits.ue();
    if (cycle > kPocCycleMax) return false;
    for (std::uint32_t i = 0; i < cycle; ++i) bits.se();
  }
  return true;
}

std::expected<void, H264Error> read_size(BitReader& bits, Sps& sps) {
  const std::uint64_t columns = std::uint64_t{bits.ue()} + 1;
  const std::uint64_t map_rows = std::uint64_t{bits.ue()} + 1;
  sps.frames_only = bits.flag();
  if (!sps.frames_only) bits.skip(1);
  bits.skip(1);
  const std::uint64_t rows = map_rows * (sps.frames_only ? 1 : 2);
  sps.map_units = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(columns * map_rows, std::numeric_limits<std::uint32_t>::max()));
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  if (bits.flag()) {
    left = bits.ue(), right = bits.ue(), top = bits.ue(), bottom = bits.ue();
  }
  if (!bits.ok()) return std::unexpected(H264Error::Truncated);
  const std::uint64_t unit_x = sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
  const std::uint64_t unit_y = (sps.chroma_format == 1 ? 2 : 1) * (sps.frames_only ? 1 : 2);
  const std::uint64_t crop_x = (left + right) * unit_x, crop_y = (top + bottom) * unit_y;
  if (crop_x >= columns * 16 || crop_y >= rows * 16) return std::unexpected(H264Error::BadSize);
  const std::uint64_t width = columns * 16 - crop_x, height = rows * 16 - crop_y;
  const auto fits = [](std::uint64_t side) {
    return side >= kPictureSideMin && side <= kPictureSideMax;
  };
  if (!fits(width) || !fits(height) || columns > kPictureSideMax / 16 ||
      rows > kPictureSideMax / 16 || width * height > kPicturePixelsMax) {
    return std::unexpected(H264Error::BadSize);
  }
  sps.width = static_cast<std::uint16_t>(width);
  sps.height = static_cast<std::uint16_t>(height);
  return {};
}

// frames per second = time_scale / (2 num_units_in_tick); unknown unless it can be true.
Rational frame_rate_of(std::uint32_t units, std::uint32_t scale) {
  std::uint64_t num = scale, den = std::uint64_t{units} * 2;
  if (num == 0 || den == 0 || num > den * kFrameRateMax || den > num * 10) return {};
  const std::uint64_t common = std::gcd(num, den);
  num /= common, den /= common;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max();
  if (num > kMax || den > kMax) return {};
  return {static_cast<std::uint32_t>(num), static_cast<std::uint32_t>(den)};
}

// hrd_parameters (clause E.1.2), which nobody here needs.
void skip_hrd(BitReader& bits) {
  constexpr std::uint32_t kBuffersMax = 32;
  const std::uint64_t buffers = std::uint64_t{bits.ue()} + 1;
  bits.skip(8);
  for (std::uint64_t i = 0; i < buffers && buffers <= kBuffersMax && bits.ok(); ++i) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

// The last part of a VUI.
void read_reordering(BitReader& bits, Sps& sps) {
  constexpr std::uint32_t kReorderedMax = 16;  // pictures that a decoder holds, clause A.3.1
  const bool nal_hrd = bits.flag();
  if (nal_hrd) skip_hrd(bits);
  const bool vcl_hrd = bits.flag();
  if (vcl_hrd) skip_hrd(bits);
  if (nal_hrd || vcl_hrd) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return;
  bits.skip(1);
  for (int i = 0; i < 4; ++i) bits.ue();
  const std::uint32_t reordered = bits.ue();
  if (bits.ok() && reordered <= kReorderedMax) sps.reordered = reordered;
}

// A VUI that is cut off says what came before the cut.
void read_vui(BitReader& bits, Sps& sps) {
  if (bits.flag()) {
    const std::uint32_t index = bits.bits(8);
    if (index == kExtendedAspect) {
      const std::uint32_t num = bits.bits(16), den = bits.bits(16);
      if (num > 0 && den > 0) sps.sample_aspect = {num, den};
    } else if (index < kAspects.size()) {
      sps.sample_aspect = kAspects[index];
    }
  }
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    Colour colour;
    bits.skip(3);
    colour.full_range = bits.flag();
    const bool described = bits.flag();
    if (described) {
      colour.primaries = static_cast<std::uint8_t>(bits.bits(8));
      colour.transfer = static_cast<std::uint8_t>(bits.bits(8));
      colour.matrix = static_cast<std::uint8_t>(bits.bits(8));
    }
    if (bits.ok() && described) sps.colour = colour;
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (bits.flag()) {
    const std::uint32_t units = bits.bits(32), scale = bits.bits(32);
    if (bits.ok()) sps.frame_rate = frame_rate_of(units, scale);
    bits.skip(1);
  }
  read_reordering(bits, sps);
}

bool usable_set(ByteView nal, NalType type) {
  return nal_type(nal) == type && nal.size() >= 2 && nal.size() <= kParameterSetMax;
}

}  // namespace

std::string_view sentence(H264Error error) {
  switch (error) {
    case H264Error::Truncated:
      return "the H.264 data is cut off";
    case H264Error::BadLength:
      return "the H.264 data has a NAL unit with an impossible length";
    case H264Error::BadParameterSet:
      return "the H.264 parameter sets are broken";
    case H264Error::BadSize:
      return "the picture must have 16 to 8192 pixels a side and at most 33 million in all";
    case H264Error::NoParameterSets:
      return "the H.264 configuration lacks its SPS or PPS";
    case H264Error::TooManySets:
      return "the H.264 configuration has too many parameter sets";
  }
  return "the H.264 data cannot be used";
}

std::expected<Sps, H264Error> parse_sps(ByteView nal) {
  if (!usable_set(nal, NalType::Sps)) return std::unexpected(H264Error::BadParameterSet);
  const std::vector<std::uint8_t> rbsp = unescape(nal);
  BitReader bits(ByteView{rbsp}.subspan(1));
  Sps sps;
  sps.profile = static_cast<std::uint8_t>(bits.bits(8));
  sps.constraints = static_cast<std::uint8_t>(bits.bits(8));
  sps.level = static_cast<std::uint8_t>(bits.bits(8));
  sps.id = bits.ue();
  if (sps.id > 31) return std::unexpected(H264Error::BadParameterSet);
  if (has_chroma_fields(sps.profile) && !read_chroma(bits, sps)) {
    return std::unexpected(H264Error::BadParameterSet);
  }
  const std::uint32_t more_bits = bits.ue();  // log2_max_frame_num_minus4
  if (more_bits > 12) return std::unexpected(H264Error::BadParameterSet);
  sps.frame_number_bits = 4 + more_bits;
  if (!read_picture_order(bits, sps)) return std::unexpected(H264Error::BadParameterSet);
  if (bits.ue() > 16) return std::unexpected(H264Error::BadParameterSet);  // max_num_ref_frames
  bits.skip(1);
  if (!bits.ok()) return std::unexpected(H264Error::Truncated);
  if (const auto size = read_size(bits, sps); !size) return std::unexpected(size.error());
  if (bits.flag()) read_vui(bits, sps);
  constexpr std::uint32_t kAsDecoded = 2;  // pic_order_cnt_type, clause 8.2.1.3
  if (sps.order_type == kAsDecoded) sps.reordered = 0;
  return sps;
}

namespace {

// Slice groups, baseline profile only (clause 7.3.2.2). False: a value out of its range.
bool read_slice_groups(BitReader& bits, Pps& pps) {
  pps.slice_group_map = bits.ue();
  if (pps.slice_group_map == 0) {
    for (std::uint32_t i = 0; i < pps.slice_groups; ++i) bits.ue();
  } else if (pps.slice_group_map == 2) {
    for (std::uint32_t i = 0; i + 1 < pps.slice_groups; ++i) {
      bits.ue();
      bits.ue();
    }
  } else if (pps.slice_group_map <= 5 && pps.slice_group_map >= 3) {
    bits.skip(1);
    const std::uint64_t rate = std::uint64_t{bits.ue()} + 1;
    if (rate > kPicturePixelsMax) return false;
    pps.slice_group_rate = static_cast<std::uint32_t>(rate);
  } else if (pps.slice_group_map == 6) {
    const std::uint64_t units = std::uint64_t{bits.ue()} + 1;
    unsigned width = 0;
    while ((1u << width) < pps.slice_groups) ++width;
    if (units * width > bits.left()) return false;
    for (std::uint64_t i = 0; i < units; ++i) bits.skip(width);
  }
  return pps.slice_group_map <= 6;
}

}  // namespace

bool browsers_play(const Sps& sps) {
  constexpr std::uint8_t kBaseline = 66, kMain = 77, kHigh = 100;
  const bool profile = sps.profile == kBaseline || sps.profile == kMain || sps.profile == kHigh;
  return profile && sps.chroma_format == 1 && sps.luma_depth == 8 && sps.chroma_depth == 8 &&
         sps.frames_only;
}

std::expected<Pps, H264Error> parse_pps(ByteView nal) {
  if (!usable_set(nal, NalType::Pps)) return std::unexpected(H264Error::BadParameterSet);
  const std::vector<std::uint8_t> rbsp = unescape(nal);
  BitReader bits(ByteView{rbsp}.subspan(1));
  Pps pps;
  pps.id = bits.ue();
  pps.sps_id = bits.ue();
  pps.cabac = bits.flag();
  pps.field_order = bits.flag();
  const std::uint32_t more_groups = bits.ue();
  if (more_groups > 7) return std::unexpected(H264Error::BadParameterSet);
  pps.slice_groups = more_groups + 1;
  if (pps.slice_groups > 1 && !read_slice_groups(bits, pps)) {
    return std::unexpected(H264Error::BadParameterSet);
  }
  for (std::uint32_t& count : pps.references) {
    const std::uint32_t more = bits.ue();
    if (more > 31) return std::unexpected(H264Error::BadParameterSet);
    count = more + 1;
  }
  pps.weighted = bits.flag();
  pps.weighted_bi = bits.bits(2);
  bits.se(), bits.se(), bits.se();  // pic_init_qp, pic_init_qs, chroma_qp_index_offset
  pps.deblocking = bits.flag();
  bits.skip(1);
  pps.redundant = bits.flag();
  if (!bits.ok()) return std::unexpected(H264Error::Truncated);
  if (pps.id > 255 || pps.sps_id > 31) return std::unexpected(H264Error::BadParameterSet);
  return pps;
}

std::expected<SliceStart, H264Error> parse_slice_start(ByteView nal) {
  // Three Exp-Golomb codes of at most 63 bits each, and their emulation prevention.
  constexpr std::size_t kStartMax = 40;
  const std::vector<std::uint8_t> rbsp = unescape(nal.first(std::min(nal.size(), kStartMax)));
  if (rbsp.empty()) return std::unexpected(H264Error::Truncated);
  BitReader bits(ByteView{rbsp}.subspan(1));
  SliceStart slice;
  slice.first_macroblock = bits.ue();
  slice.type = bits.ue();
  slice.pps_id = bits.ue();
  if (!bits.ok()) return std::unexpected(H264Error::Truncated);
  if (slice.type > 9 || slice.pps_id > 255) return std::unexpected(H264Error::BadParameterSet);
  return slice;
}

std::expected<AvcConfig, H264Error> parse_avc_config(ByteView record) {
  ByteReader reader(record);
  const std::uint8_t version = reader.u8();
  reader.skip(3);
  AvcConfig config;
  config.length_size = (reader.u8() & 3u) + 1u;
  if (!reader.ok()) return std::unexpected(H264Error::Truncated);
  if (version != 1) return std::unexpected(H264Error::BadParameterSet);
  if (config.length_size == 3)
    return std::unexpected(H264Error::BadLength);  // not allowed by 5.3.3.1
  const auto read_sets = [&](std::size_t count, NalType type,
                             std::vector<Bytes>& sets) -> std::optional<H264Error> {
    for (std::size_t i = 0; i < count; ++i) {
      const ByteView nal = reader.bytes(reader.u16());
      if (!reader.ok()) return H264Error::Truncated;
      if (!usable_set(nal, type)) return H264Error::BadParameterSet;
      sets.push_back(Bytes::copy_of(nal));
    }
    return std::nullopt;
  };
  if (const auto error = read_sets(reader.u8() & 31u, NalType::Sps, config.sps)) {
    return std::unexpected(*error);
  }
  const std::size_t pps_count = reader.u8();
  if (pps_count > kParameterSetsMax) return std::unexpected(H264Error::TooManySets);
  if (const auto error = read_sets(pps_count, NalType::Pps, config.pps)) {
    return std::unexpected(*error);
  }
  if (!reader.ok()) return std::unexpected(H264Error::Truncated);
  if (config.sps.empty() || config.pps.empty()) return std::unexpected(H264Error::NoParameterSets);
  return config;
}

std::expected<Bytes, H264Error> make_avc_config(const AvcConfig& config) {
  if (config.sps.empty() || config.pps.empty()) return std::unexpected(H264Error::NoParameterSets);
  if (config.sps.size() > kParameterSetsMax - 1 || config.pps.size() > kParameterSetsMax) {
    return std::unexpected(H264Error::TooManySets);
  }
  if (config.length_size < 1 || config.length_size > 4 || config.length_size == 3) {
    return std::unexpected(H264Error::BadLength);
  }
  const auto sps = parse_sps(config.sps.front());
  if (!sps) return std::unexpected(sps.error());
  std::vector<std::uint8_t> out = {1, sps->profile, sps->constraints, sps->level,
                                   static_cast<std::uint8_t>(0xfc | (config.length_size - 1))};
  const auto write_sets = [&out](const std::vector<Bytes>& sets, NalType type) {
    for (const Bytes& set : sets) {
      if (!usable_set(set, type)) return false;
      out.push_back(static_cast<std::uint8_t>(set.size() >> 8));
      out.push_back(static_cast<std::uint8_t>(set.size()));
      out.insert(out.end(), set.view().begin(), set.view().end());
    }
    return true;
  };
  out.push_back(static_cast<std::uint8_t>(0xe0 | config.sps.size()));
  if (!write_sets(config.sps, NalType::Sps)) return std::unexpected(H264Error::BadParameterSet);
  out.push_back(static_cast<std::uint8_t>(config.pps.size()));
  if (!write_sets(config.pps, NalType::Pps)) return std::unexpected(H264Error::BadParameterSet);
  if (sps->profile == 100 || sps->profile == 110 || sps->profile == 122 || sps->profile == 144) {
    out.push_back(static_cast<std::uint8_t>(0xfc | sps->chroma_format));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (sps->luma_depth - 8)));
    out.push_back(static_cast<std::uint8_t>(0xf8 | (sps->chroma_depth - 8)));
    out.push_back(0);  // no SPS extensions
  }
  return Bytes(std::move(out));
}

std::expected<Sps, H264Error> sps_of(ByteView record) {
  const auto config = parse_avc_config(record);
  if (!config) return std::unexpected(config.error());
  return parse_sps(config->sps.front());
}

}  // namespace butai::media
