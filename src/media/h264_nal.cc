#include <algorithm>
#include <array>
#include <utility>

#include "media/byte_reader.h"
#include "media/h264.h"
#include "media/sei_reader.h"

namespace butai::media {
namespace {

// Chosen once, at random; what follows it in the SEI is eight bytes of microseconds.
constexpr std::array<std::uint8_t, 16> kCaptureUuid = {
    0xb7, 0xd4, 0x1c, 0x52, 0x9e, 0x0f, 0x4a, 0x63, 0x8f, 0x21, 0x5c, 0x6a, 0xb0, 0xd3, 0xe9, 0x7e};
constexpr std::uint32_t kUserDataUnregistered = 5;  // payloadType, table D.1
constexpr std::uint32_t kRecoveryPoint = 6;
constexpr std::size_t kCapturePayload = kCaptureUuid.size() + 8;

bool is_slice(ByteView nal) {
  return nal_type(nal) >= NalType::Slice && nal_type(nal) <= NalType::Idr;
}

void append_u32(std::vector<std::uint8_t>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

std::optional<Utc> capture_in_sei(ByteView nal) {
  std::optional<Utc> captured;
  read_sei(nal, [&captured](std::uint32_t type, ByteReader payload) {
    if (type != kUserDataUnregistered || payload.left() < kCapturePayload) return true;
    if (!std::ranges::equal(payload.bytes(kCaptureUuid.size()), kCaptureUuid)) return true;
    const auto micros = static_cast<std::int64_t>(payload.u64());
    if (micros > 0) captured = utc_of(micros);
    return !captured;
  });
  return captured;
}

}  // namespace

std::expected<NalUnits, H264Error> split_lengths(ByteView unit, std::size_t length_size) {
  if (length_size < 1 || length_size > 4) return std::unexpected(H264Error::BadLength);
  NalUnits nals;
  ByteReader reader(unit);
  while (reader.left() > 0) {
    const std::uint64_t length = reader.number(length_size);
    if (reader.ok() && length == 0) return std::unexpected(H264Error::BadLength);
    nals.push_back(reader.bytes(length));
    if (!reader.ok()) return std::unexpected(H264Error::Truncated);
  }
  return nals;
}

NalUnits split_start_codes(ByteView unit) {
  constexpr std::array<std::uint8_t, 3> kStart = {0, 0, 1};
  NalUnits nals;
  auto from = std::ranges::search(unit, kStart).end();
  while (from != unit.end()) {
    const auto next = std::ranges::search(from, unit.end(), kStart.begin(), kStart.end());
    auto end = next.begin();
    // trailing_zero_8bits and the zero_byte of a 4-byte start code are no part of the unit; a unit
    // itself never ends in a zero.
    while (end != from && *(end - 1) == 0) --end;
    if (end != from) nals.emplace_back(from, end);
    from = next.end();
  }
  return nals;
}

Bytes join_lengths(const NalUnits& nals) {
  std::size_t size = 0;
  for (const ByteView nal : nals) size += 4 + nal.size();
  std::vector<std::uint8_t> out;
  out.reserve(size);
  for (const ByteView nal : nals) {
    append_u32(out, static_cast<std::uint32_t>(nal.size()));
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return Bytes(std::move(out));
}

Bytes join_start_codes(const NalUnits& nals) {
  std::size_t size = 0;
  for (const ByteView nal : nals) size += 4 + nal.size();
  std::vector<std::uint8_t> out;
  out.reserve(size);
  for (const ByteView nal : nals) {
    append_u32(out, 1);
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return Bytes(std::move(out));
}

bool is_idr(ByteView unit) {
  const auto nals = split_lengths(unit);
  return nals &&
         std::ranges::any_of(*nals, [](ByteView nal) { return nal_type(nal) == NalType::Idr; });
}

bool has_recovery_point(ByteView nal) {
  bool found = false;
  read_sei(nal, [&found](std::uint32_t type, ByteReader) {
    found = type == kRecoveryPoint;
    return !found;
  });
  return found;
}

std::vector<std::uint8_t> unescape(ByteView nal) {
  std::vector<std::uint8_t> out;
  out.reserve(nal.size());
  std::size_t zeros = 0;
  for (const std::uint8_t byte : nal) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  return out;
}

std::vector<std::uint8_t> escape(ByteView rbsp) {
  std::vector<std::uint8_t> out;
  out.reserve(rbsp.size() + 4);
  std::size_t zeros = 0;
  for (const std::uint8_t byte : rbsp) {
    if (zeros >= 2 && byte <= 3) {
      out.push_back(3);
      zeros = 0;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  if (zeros >= 2) out.push_back(3);  // cabac_zero_word: a NAL unit must not end in zeros
  return out;
}

Bytes capture_sei(Utc captured) {
  std::vector<std::uint8_t> rbsp = {static_cast<std::uint8_t>(NalType::Sei),
                                    static_cast<std::uint8_t>(kUserDataUnregistered),
                                    static_cast<std::uint8_t>(kCapturePayload)};
  rbsp.insert(rbsp.end(), kCaptureUuid.begin(), kCaptureUuid.end());
  const auto micros = static_cast<std::uint64_t>(micros_of(captured));
  append_u32(rbsp, static_cast<std::uint32_t>(micros >> 32));
  append_u32(rbsp, static_cast<std::uint32_t>(micros));
  rbsp.push_back(0x80);
  return Bytes(escape(rbsp));
}

std::expected<Bytes, H264Error> with_capture_sei(ByteView unit, Utc captured) {
  auto nals = split_lengths(unit);
  if (!nals) return std::unexpected(nals.error());
  const Bytes sei = capture_sei(captured);
  nals->insert(std::ranges::find_if(*nals, is_slice), sei.view());
  return join_lengths(*nals);
}

std::optional<Utc> find_capture(ByteView unit) {
  ByteReader reader(unit);
  while (reader.left() > 4) {
    const ByteView nal = reader.bytes(reader.u32());
    if (!reader.ok() || is_slice(nal)) break;
    if (nal_type(nal) != NalType::Sei) continue;
    if (const auto captured = capture_in_sei(nal)) return captured;
  }
  return std::nullopt;
}

}  // namespace butai::media
