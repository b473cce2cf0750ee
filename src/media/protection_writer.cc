#include "media/protection_writer.h"

#include <algorithm>

namespace butai::media {
namespace {

constexpr std::uint32_t kUseSubsamples = 2;                            // senc flags
constexpr std::size_t kSencHead = 16, kSaizHead = 17, kSaioSize = 20;  // bytes

std::size_t iv_size(Scheme scheme) { return scheme == Scheme::Cenc ? 8 : 0; }

std::size_t sample_size(const ChunkAuxiliary& auxiliary, const ChunkAuxiliary::Sample& sample) {
  return iv_size(auxiliary.scheme) +
         (auxiliary.has_subsamples() ? 2 + 6 * sample.subsamples : std::size_t{0});
}

bool all_the_same_size(const ChunkAuxiliary& auxiliary) {
  return std::ranges::all_of(auxiliary.samples, [&](const ChunkAuxiliary::Sample& sample) {
    return sample.subsamples == auxiliary.samples.front().subsamples;
  });
}

bool says_something(const ChunkAuxiliary& auxiliary) {
  return auxiliary.scheme == Scheme::Cenc || auxiliary.has_subsamples();
}

void write_saiz(BoxWriter& out, const ChunkAuxiliary& auxiliary) {
  const auto saiz = out.full_box("saiz", 0, 0);
  const bool same = all_the_same_size(auxiliary);
  const auto size_of = [&](const ChunkAuxiliary::Sample& sample) {
    return static_cast<std::uint8_t>(sample_size(auxiliary, sample));
  };
  out.u8(same ? size_of(auxiliary.samples.front()) : 0);
  out.u32(static_cast<std::uint32_t>(auxiliary.samples.size()));
  if (same) return;
  for (const auto& sample : auxiliary.samples) out.u8(size_of(sample));
}

void write_senc(BoxWriter& out, const ChunkAuxiliary& auxiliary) {
  const auto senc = out.full_box("senc", 0, auxiliary.has_subsamples() ? kUseSubsamples : 0);
  out.u32(static_cast<std::uint32_t>(auxiliary.samples.size()));
  auto subsample = auxiliary.subsamples.begin();
  for (const auto& sample : auxiliary.samples) {
    if (auxiliary.scheme == Scheme::Cenc) out.u64(sample.iv);
    if (!auxiliary.has_subsamples()) continue;
    out.u16(static_cast<std::uint16_t>(sample.subsamples));
    for (std::size_t i = 0; i < sample.subsamples; ++i, ++subsample) {
      out.u16(subsample->clear), out.u32(subsample->encrypted);
    }
  }
}

// tenc version 1 says the pattern; version 0 knows none.
void write_tenc(BoxWriter& out, bool video, const TrackProtection& protection) {
  constexpr std::uint8_t kOneOfTen = 0x19, kNoPattern = 0;
  const bool cbcs = protection.scheme == Scheme::Cbcs;
  const auto tenc = out.full_box("tenc", cbcs ? 1 : 0, 0);
  out.u8(0);
  out.u8(cbcs && video ? kOneOfTen : kNoPattern);
  out.u8(1);  // protected
  out.u8(static_cast<std::uint8_t>(iv_size(protection.scheme)));
  out.bytes(protection.kid);
  if (!cbcs) return;
  out.u8(static_cast<std::uint8_t>(protection.constant_iv.size()));
  out.bytes(protection.constant_iv);
}

}  // namespace

void write_sinf(BoxWriter& out, std::string_view original, const TrackProtection& protection) {
  constexpr std::uint32_t kVersionOne = 0x10000;
  const auto sinf = out.box("sinf");
  {
    const auto frma = out.box("frma");
    out.text(original);
  }
  {
    const auto schm = out.full_box("schm", 0, 0);
    out.text(four_characters(protection.scheme));
    out.u32(kVersionOne);
  }
  const auto schi = out.box("schi");
  write_tenc(out, original == "avc1", protection);
}

void write_common_pssh(BoxWriter& out, std::span<const KeyId> kids) {
  // 1077efec-c0b2-4d02-ace3-3c1e52e2fb4b
  constexpr KeyId kCommonSystem{0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02,
                                0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b};
  const auto pssh = out.full_box("pssh", 1, 0);
  out.bytes(kCommonSystem);
  out.u32(static_cast<std::uint32_t>(kids.size()));
  for (const KeyId& kid : kids) out.bytes(kid);
  out.u32(0);  // no bytes of a system
}

std::size_t auxiliary_size(const ChunkAuxiliary& auxiliary) {
  std::size_t size = kSencHead;
  for (const auto& sample : auxiliary.samples) size += sample_size(auxiliary, sample);
  if (!says_something(auxiliary)) return size;
  return size + kSaioSize + kSaizHead +
         (all_the_same_size(auxiliary) ? 0 : auxiliary.samples.size());
}

void write_auxiliary(BoxWriter& out, const ChunkAuxiliary& auxiliary, std::size_t traf_end) {
  if (says_something(auxiliary)) {
    const std::size_t saiz_begin = out.size();
    write_saiz(out, auxiliary);
    const std::size_t saiz_size = out.size() - saiz_begin;
    const auto saio = out.full_box("saio", 0, 0);
    out.u32(1);
    // From the moof to what follows senc's sample_count.
    out.u32(static_cast<std::uint32_t>(traf_end + saiz_size + kSaioSize + kSencHead));
  }
  write_senc(out, auxiliary);
}

}  // namespace butai::media
