// The PlayReady Object: a header in UTF-16 that names the key, for PlayReady's license server.
// Flow:   signalling -> here
// Thread: pure functions, any.
// Spec:   Microsoft PlayReady Header Specification (2023): version 4.0.0.0 for cenc, which old
//         clients read, 4.3.0.0 for cbcs; attributes in alphabetical order, no <x/>.
#pragma once

#include <vector>

#include "base/bytes.h"
#include "drm/content_key.h"

namespace butai::drm {

// A key id as Microsoft writes a GUID: the first three fields little-endian.
media::KeyId guid_order(const media::KeyId& kid);
// First 8 bytes of AES-ECB(key, guid_order(kid)): lets a client notice a wrong key.
std::array<std::uint8_t, 8> play_ready_checksum(const ContentKey& key);
std::vector<std::uint8_t> play_ready_object(const ContentKey& key, media::Scheme scheme);
Bytes play_ready_pssh(const ContentKey& key, media::Scheme scheme);

}  // namespace butai::drm
