// Short secrets at rest, encrypted and bound to a key of their own purpose: nobody without the key reads or
// changes them.
// Thread: any.
// Spec:   XChaCha20-Poly1305 (libsodium), a random nonce in front.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/mac.h"
#include "base/random.h"

namespace butai::access {

std::string encrypted(const Key32& key, ByteView secret, Random& random);  // base64url
std::optional<std::vector<std::uint8_t>> decrypted(const Key32& key, std::string_view text);

}  // namespace butai::access
