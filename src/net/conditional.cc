#include "net/conditional.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "net/text.h"

namespace butai::net {

namespace {

std::string_view opaque(std::string_view tag) {  // weak comparison ignores W/
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

bool tag_listed(std::string_view list, std::string_view tag) {
  if (trimmed(list) == "*") return true;
  return std::ranges::any_of(list_members(list),
                             [&](std::string_view each) { return opaque(each) == opaque(tag); });
}

std::uint64_t size_of(const std::vector<Bytes>& body) {
  std::uint64_t size = 0;
  for (const Bytes& piece : body) size += piece.size();
  return size;
}

struct Range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
};

enum class Asked : std::uint8_t { Nothing, One, Impossible };

// Only the one form everybody sends: bytes=a-b, bytes=a-, bytes=-n.
Asked parse_range(std::string_view text, std::uint64_t size, Range& range) {
  text = trimmed(text);
  if (text.size() < 6 || !equal_without_case(text.substr(0, 6), "bytes=")) return Asked::Nothing;
  text = trimmed(text.substr(6));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) {
    return Asked::Nothing;
  }
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  const auto from = number_of(first);
  const auto to = number_of(last);
  if (first.empty()) {
    if (!to) return Asked::Nothing;
    if (*to == 0 || size == 0) return Asked::Impossible;
    range = {size - std::min(*to, size), size - 1};
    return Asked::One;
  }
  if (!from || (!last.empty() && !to) || (to && *to < *from)) return Asked::Nothing;
  if (*from >= size) return Asked::Impossible;
  range = {*from, to ? std::min(*to, size - 1) : size - 1};
  return Asked::One;
}

std::vector<Bytes> cut(const std::vector<Bytes>& body, Range range) {
  std::vector<Bytes> pieces;
  std::uint64_t at = 0;
  for (const Bytes& piece : body) {
    const std::uint64_t from = std::max(at, range.first);
    const std::uint64_t to = std::min(at + piece.size(), range.last + 1);
    if (from < to) pieces.push_back(piece.slice(from - at, to - from));
    at += piece.size();
  }
  return pieces;
}

}  // namespace

bool has_conditions(const Request& request) {
  return request.headers.find("If-None-Match") || request.headers.find("Range");
}

void apply_conditions(const Request& request, Response& response) {
  if (response.status != 200) return;
  if (request.method != Method::Get && request.method != Method::Head) return;
  // A copy: the fields move when others are added.
  const std::optional<std::string> tag(response.headers.find("ETag"));
  const auto none_match = request.headers.find("If-None-Match");
  if (tag && none_match && tag_listed(*none_match, *tag)) {
    response.status = 304;
    response.body.clear();
    response.headers.remove("Content-Type");
    response.headers.remove("Content-Encoding");
    return;
  }
  response.headers.set("Accept-Ranges", "bytes");
  const auto asked = request.headers.find("Range");
  if (!asked) return;
  const auto if_range = request.headers.find("If-Range");
  if (if_range && (!tag || tag->starts_with("W/") || *if_range != *tag)) return;
  const std::uint64_t size = size_of(response.body);
  Range range;
  switch (parse_range(*asked, size, range)) {
    case Asked::Nothing:
      return;
    case Asked::Impossible:
      response = Response::problem(416, "the range starts behind the end");
      response.headers.set("Content-Range", fmt::format("bytes */{}", size));
      return;
    case Asked::One:
      response.status = 206;
      response.body = cut(response.body, range);
      response.headers.set("Content-Range",
                           fmt::format("bytes {}-{}/{}", range.first, range.last, size));
  }
}

}  // namespace butai::net
