// As much of an HLS playlist as a load generator must understand to ask for what a player would.
// Thread: pure functions, any.
// Spec:   RFC 8216bis sections 4.4.3 and 4.4.4, as this server writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace butai::load {

struct MediaPlaylist {
  std::uint64_t first = 0;            // EXT-X-MEDIA-SEQUENCE
  std::vector<std::string> segments;  // whole ones, as addresses below the playlist's
  std::string init;                   // EXT-X-MAP of the newest of them
  std::size_t open_parts = 0;         // of the segment that is being made

  std::uint64_t open_segment() const { return first + segments.size(); }
};

// Paths of the media playlists that a multivariant playlist at `path` names: pictures first.
std::vector<std::string> media_playlists(std::string_view text, std::string_view path);
MediaPlaylist read_media_playlist(std::string_view text, std::string_view path);
// `relative` seen from `path` (the query of `path` is left behind).
std::string resolve_path(std::string_view path, std::string_view relative);

}  // namespace butai::load
