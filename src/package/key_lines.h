// What a playlist or manifest says about the key of a rendition, for the player that asked.
// Flow:   live::Rendition (protection, signals) -> here -> hls_writer, dash_writer
// Thread: pure functions, any.
// Spec:   RFC 8216bis clause 4.4.4.4; ISO/IEC 23009-1:2022 clause 5.8.4.1; DASH-IF IOP 5 part 6.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "live/chunk.h"

namespace butai::package {

// `?keys=` of a playlist or manifest. No player takes all kinds side by side: hls.js stalls on
// identity, shaka-player needs it for ClearKey over HLS.
enum class KeyLines : std::uint8_t {
  Identity,  // the key itself is fetched from us (shaka-player, ffmpeg)
  ClearKey,  // a ClearKey license (hls.js; in a manifest also shaka-player and dash.js)
  Drm,       // Widevine, PlayReady, FairPlay, as far as they are configured
};
// What a viewer wants, and whether it said so: then a multivariant playlist hands it on.
struct KeysWanted {
  KeyLines lines = KeyLines::Identity;
  bool asked = false;
  friend auto operator<=>(const KeysWanted&, const KeysWanted&) = default;
};
std::optional<KeyLines> key_lines_named(std::string_view name);
std::string_view name_of(KeyLines lines);

// Attributes of EXT-X-KEY, one string per line; none for a clear rendition. `root` leads from the
// playlist to where /license/ is, e.g. "../../../".
std::vector<std::string> hls_keys(const live::Rendition& rendition, KeyLines lines,
                                  std::string_view root);
// The same about the key that comes next; empty while it is not known.
std::vector<std::string> hls_next_keys(const live::Rendition& rendition, KeyLines lines,
                                       std::string_view root);

// ContentProtection elements, one string each. `license` is the address before /clearkey.
std::vector<std::string> content_protection(const live::Rendition& rendition, KeyLines lines,
                                            std::string_view license);

}  // namespace butai::package
