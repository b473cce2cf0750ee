// The names of media files in addresses: init-N.mp4, START.m4s, START.PART.m4s; of cues also .vtt.
// Thread: pure functions, any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/text.h"

namespace butai::delivery::hls {

struct FileName {
  enum class Kind : std::uint8_t { Init, Segment, Part } kind = Kind::Segment;
  std::int64_t number = 0;
  std::size_t part = 0;
};

inline std::optional<std::int64_t> digits(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;  // fits 63 bits
  if (text.size() > kDigitsMax) return std::nullopt;
  const auto value = net::number_of(text);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

inline std::optional<FileName> parse_file_name(std::string_view name) {
  const bool init = name.starts_with("init-") && name.ends_with(".mp4");
  if (!init && !name.ends_with(".m4s") && !name.ends_with(".vtt")) return std::nullopt;
  std::string_view stem = name.substr(0, name.size() - 4);
  if (init) stem.remove_prefix(5);
  const std::size_t dot = stem.find('.');
  const auto number = digits(stem.substr(0, dot));
  if (!number) return std::nullopt;
  if (init) return FileName{FileName::Kind::Init, *number};
  if (dot == std::string_view::npos) return FileName{FileName::Kind::Segment, *number};
  const auto part = digits(stem.substr(dot + 1));
  if (!part) return std::nullopt;
  return FileName{FileName::Kind::Part, *number, static_cast<std::size_t>(*part)};
}

}  // namespace butai::delivery::hls
