#include "net/target.h"

#include <algorithm>

#include "net/text.h"
#include "net/utf8.h"

namespace butai::net {

namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decoded(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t at = 0; at < raw.size(); ++at) {
    if (raw[at] != '%') {
      out += raw[at];
      continue;
    }
    if (at + 2 >= raw.size()) return std::nullopt;
    const int high = digit_of(raw[at + 1]);
    const int low = digit_of(raw[at + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool good_segments(std::string_view path) {
  std::string_view rest = path.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, end);
    if (segment.empty()) return false;
    // "..;x" is ".." to servers that cut path parameters.
    const std::string_view name = segment.substr(0, segment.find(';'));
    if (name == "." || name == "..") return false;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return true;
}

bool is_encoded_slash(std::string_view raw) {
  for (std::size_t at = raw.find('%'); at != std::string_view::npos; at = raw.find('%', at + 1)) {
    const std::string_view code = raw.substr(at + 1, 2);
    if (equal_without_case(code, "2f") || equal_without_case(code, "5c")) return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> normal_path(std::string_view raw) {
  if (!raw.starts_with('/') || is_encoded_slash(raw)) return std::nullopt;
  auto path = percent_decoded(raw);
  if (!path || !is_utf8(*path)) return std::nullopt;
  if (std::ranges::any_of(*path, is_control)) return std::nullopt;
  if (path->find_first_of("%\\?#") != std::string::npos) return std::nullopt;
  if (!good_segments(*path)) return std::nullopt;
  return path;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> values;
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  for (std::string_view rest = plain; !rest.empty();) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = percent_decoded(pair.substr(0, equals));
    auto value = percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return std::nullopt;
    if (value->find('\0') != std::string::npos || name->find('\0') != std::string::npos) {
      return std::nullopt;
    }
    values.emplace_back(std::move(*name), std::move(*value));
  }
  return values;
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 255 + 6) return false;
  std::string_view port;
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    const auto allowed = [](char c) { return digit_of(c) >= 0 || c == ':' || c == '.'; };
    if (!std::ranges::all_of(host.substr(1, end - 1), allowed)) return false;
    port = host.substr(end + 1);
  } else {
    const std::size_t colon = std::min(host.find(':'), host.size());
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '-' || c == '.' || c == '_';
    };
    if (colon == 0 || !std::ranges::all_of(host.substr(0, colon), allowed)) return false;
    port = host.substr(colon);
  }
  if (port.empty()) return true;
  if (port.front() != ':' || port.size() > 6) return false;
  const auto number = number_of(port.substr(1));
  return number && *number <= 65'535;
}

std::optional<Target> parse_target(std::string_view target, std::string_view host) {
  if (!target.starts_with('/')) {
    // The absolute form is for proxies; it must name the same host as the Host field.
    std::string_view rest = target;
    if (rest.starts_with("http://"))
      rest.remove_prefix(7);
    else if (rest.starts_with("https://"))
      rest.remove_prefix(8);
    else
      return std::nullopt;
    const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    if (!equal_without_case(rest.substr(0, slash), host)) return std::nullopt;
    target = rest.substr(slash);
    if (target.empty()) target = "/";
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto path = normal_path(target.substr(0, mark));
  auto query = parse_form(target.substr(std::min(mark + 1, target.size())));
  if (!path || !query) return std::nullopt;
  Target parsed{.path = std::move(*path), .path_token = {}, .query = std::move(*query)};
  if (parsed.path.starts_with("/t/")) {
    const std::size_t end = parsed.path.find('/', 3);
    if (end != std::string::npos) {
      parsed.path_token = parsed.path.substr(3, end - 3);
      parsed.path.erase(0, end);
    }
  }
  return parsed;
}

}  // namespace butai::net
