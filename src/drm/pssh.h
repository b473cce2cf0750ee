// pssh boxes: the key systems' own words about a key.
// Flow:   signalling -> here; read back by licenses and tests
// Thread: pure functions, any.
// Limits: kPsshBytesMax, kPsshKeysMax.
// Spec:   ISO/IEC 23001-7:2023 clause 8.1; W3C "cenc" Initialization Data Format (2023) clause 4;
//         Widevine's WidevinePsshData as shaka-packager writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "media/protection.h"

namespace butai::drm {

// System ids as UUIDs (DASH-IF registry).
inline constexpr std::string_view kCommonSystem = "1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";
inline constexpr std::string_view kClearKeySystem = "e2719d58-a985-b3c9-781a-b030af78d30e";
inline constexpr std::string_view kWidevineSystem = "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed";
inline constexpr std::string_view kPlayReadySystem = "9a04f079-9840-4286-ab92-e65be0885f95";
inline constexpr std::string_view kFairPlaySystem = "94ce86fb-07ff-4f43-adb8-93d2fa968ca2";

struct Pssh {
  std::array<std::uint8_t, 16> system{};
  std::vector<media::KeyId> kids;  // of version 1
  std::vector<std::uint8_t> payload;
};
// Version 1 when there are key ids, else 0.
Bytes write_pssh(const Pssh& pssh);
// One box and nothing else; nothing when it is broken.
std::optional<Pssh> parse_pssh(ByteView box);

Bytes common_pssh(std::span<const media::KeyId> kids);
Bytes widevine_pssh(std::span<const media::KeyId> kids, media::Scheme scheme);

}  // namespace butai::drm
