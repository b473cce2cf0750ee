#include "load/playlist.h"

#include <charconv>

namespace butai::load {
namespace {

template <class Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

std::string_view quoted_uri(std::string_view line) {
  static constexpr std::string_view kUri = "URI=\"";
  const std::size_t at = line.find(kUri);
  if (at == std::string_view::npos) return {};
  line.remove_prefix(at + kUri.size());
  return line.substr(0, line.find('"'));
}

}  // namespace

std::string resolve_path(std::string_view path, std::string_view relative) {
  if (relative.starts_with('/')) return std::string(relative);
  path = path.substr(0, path.find('?'));
  return std::string(path.substr(0, path.rfind('/') + 1)).append(relative);
}

std::vector<std::string> media_playlists(std::string_view text, std::string_view path) {
  std::vector<std::string> pictures, others;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with("#EXT-X-MEDIA:")) {
      if (const auto uri = quoted_uri(line); !uri.empty())
        others.push_back(resolve_path(path, uri));
    } else if (!line.empty() && !line.starts_with('#')) {
      if (pictures.empty()) pictures.push_back(resolve_path(path, line));
    }
  });
  pictures.insert(pictures.end(), others.begin(), others.end());
  return pictures;
}

MediaPlaylist read_media_playlist(std::string_view text, std::string_view path) {
  static constexpr std::string_view kSequence = "#EXT-X-MEDIA-SEQUENCE:";
  MediaPlaylist list;
  std::string init;
  for_each_line(text, [&](std::string_view line) {
    if (line.starts_with("#EXT-X-MAP:")) {
      init = resolve_path(path, quoted_uri(line));
    } else if (line.starts_with(kSequence)) {
      line.remove_prefix(kSequence.size());
      std::from_chars(line.data(), line.data() + line.size(), list.first);
    } else if (line.starts_with("#EXT-X-PART:")) {
      ++list.open_parts;
    } else if (!line.empty() && !line.starts_with('#')) {
      list.segments.push_back(resolve_path(path, line));
      list.init = init;
      list.open_parts = 0;
    }
  });
  return list;
}

}  // namespace butai::load
