// What playlists and manifests say about a key to each key system, when we make the keys ourselves;
// a key service (SPEKE) says it in its own words instead.
// Flow:   keys (built-in provider) -> here -> ContentKey::signals -> package (HLS, DASH)
// Thread: pure functions, any.
// Spec:   ISO/IEC 23009-1:2022 clause 5.8.4.1; DASH-IF IOP 5 part 6; RFC 8216bis clause 4.4.4.4;
//         reference of each system for its URI and KEYFORMAT.
#pragma once

#include <vector>

#include "drm/content_key.h"

namespace butai::drm {

enum class RealSystem : std::uint8_t { Widevine, PlayReady, FairPlay };

// W3C common always; then the wanted ones. FairPlay knows cbcs only and is left out for cenc.
std::vector<media::KeySystemSignal> make_signals(const ContentKey& key, media::Scheme scheme,
                                                 const std::vector<RealSystem>& wanted);

// METHOD of EXT-X-KEY.
std::string_view hls_method(media::Scheme scheme);
// Attributes for hls.js with ClearKey (KEYFORMAT org.w3.clearkey), and for players that fetch the
// key itself from `address` (KEYFORMAT identity).
std::string clear_key_attributes(const media::TrackProtection& protection);
std::string identity_attributes(const media::TrackProtection& protection, std::string_view address);

}  // namespace butai::drm
