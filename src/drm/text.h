// Base64, hexadecimal and UUIDs, strictly: what is not exactly one is refused.
// Thread: pure functions, any.
// Spec:   RFC 4648 (base64 with padding; base64url without), RFC 4122 clause 3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace butai::drm {

std::string to_base64(ByteView bytes);
// White space between characters is allowed, as XML has it.
std::optional<std::vector<std::uint8_t>> from_base64(std::string_view text);
std::string to_base64url(ByteView bytes);  // without padding
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

std::string to_hex(ByteView bytes);  // small letters
std::string to_uuid(const std::array<std::uint8_t, 16>& id);
// 32 hexadecimal digits, with or without the four dashes, of either case.
std::optional<std::array<std::uint8_t, 16>> from_uuid(std::string_view text);

}  // namespace butai::drm
