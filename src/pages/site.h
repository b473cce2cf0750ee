// The built site, inside the binary: a table of files that web/embed.js writes at build time.
// Flow:   web/ -> vite -> embed.js -> this table -> pages/routes.cc
// Thread: constant, any.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace butai::pages {

struct SiteFile {
  std::string_view name;  // "watch/index.html", "assets/watch-CazX.js"
  std::string_view hash;  // of the plain bytes, hex; the entity tag
  const std::uint8_t* begin;
  const std::uint8_t* end;
  const std::uint8_t* gzip_begin;  // null: not worth it
  const std::uint8_t* gzip_end;

  std::span<const std::uint8_t> plain() const { return {begin, end}; }
  std::span<const std::uint8_t> gzip() const { return {gzip_begin, gzip_end}; }
  bool has_gzip() const { return gzip_begin != nullptr; }
};

std::span<const SiteFile> site_files();

// The file of that name, or null.
const SiteFile* find_site_file(std::string_view name);

}  // namespace butai::pages
