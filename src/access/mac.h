// The few cryptographic functions that everything signed here is made of.
// Thread: any. Spec: RFC 2104 (HMAC), RFC 5869 (HKDF), RFC 4648 section 5 (base64url).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace butai::access {

using Key32 = std::array<std::uint8_t, 32>;

Key32 hmac_sha256(ByteView key, ByteView message);
// 32 bytes derived from `secret` for one purpose, named by `info`; empty salt.
Key32 hkdf_sha256(ByteView secret, std::string_view info);
// In a time that depends on the lengths alone.
bool equal_secrets(ByteView a, ByteView b);

std::string base64url(ByteView bytes);  // without padding
// Nothing for padding, characters outside the alphabet, and unused bits that are not zero.
std::optional<std::vector<std::uint8_t>> from_base64url(std::string_view text);

}  // namespace butai::access
