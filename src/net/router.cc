#include "net/router.h"

#include <algorithm>
#include <array>

#include "net/text.h"

namespace butai::net {

namespace {

bool is_component(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && std::ranges::all_of(text, allowed);
}

std::string_view cut_segment(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view segment = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return segment;
}

// More segments than any pattern has names and literals: what follows is one last part.
constexpr std::size_t kPartsMax = 16;

// "/a/b" -> a b; "/a/" -> a and an empty one; "/" -> none.
std::size_t cut(std::string_view path, std::array<std::string_view, kPartsMax>& parts) {
  std::size_t count = 0;
  std::string_view rest = path.substr(1);
  if (rest.empty()) return 0;
  while (count + 1 < parts.size()) {
    const std::size_t end = rest.find('/');
    parts[count++] = rest.substr(0, end);
    if (end == std::string_view::npos) return count;
    rest.remove_prefix(end + 1);
  }
  parts[count++] = rest;
  return count;
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& route : routes_) compiled_.push_back({&route, compile(route.pattern)});
  const auto rank = [](const Compiled& compiled) {
    std::string order;
    for (const Segment& segment : compiled.segments) {
      order += static_cast<char>('0' + static_cast<int>(segment.kind));
    }
    return std::pair(order, compiled.route);  // of one shape: in the table's order
  };
  std::ranges::sort(compiled_, {}, rank);
  for (std::size_t index = 0; index < compiled_.size(); ++index) {
    const auto& segments = compiled_[index].segments;
    const bool literal = !segments.empty() && segments.front().kind == Segment::Kind::Literal;
    by_first_[literal ? segments.front().text : std::string()].push_back(index);
  }
}

std::vector<Router::Segment> Router::compile(std::string_view pattern) {
  std::vector<Segment> segments;
  std::string_view rest = pattern.substr(1);
  if (rest.empty()) return segments;
  const bool trailing_slash = rest.ends_with('/');
  while (!rest.empty()) {
    const std::string_view part = cut_segment(rest);
    if (part.starts_with('{') && part.ends_with("*}")) {
      segments.push_back({Segment::Kind::Rest, std::string(part.substr(1, part.size() - 3))});
    } else if (part.starts_with('{') && part.ends_with('}')) {
      segments.push_back({Segment::Kind::Name, std::string(part.substr(1, part.size() - 2))});
    } else {
      segments.push_back({Segment::Kind::Literal, std::string(part)});
    }
  }
  if (trailing_slash) segments.push_back({Segment::Kind::Literal, ""});
  return segments;
}

bool Router::fits(const Compiled& compiled, Parts parts) {
  const auto& segments = compiled.segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Segment& segment = segments[i];
    if (segment.kind == Segment::Kind::Rest) return i < parts.size() || parts.empty();
    if (i >= parts.size()) return false;
    if (segment.kind == Segment::Kind::Literal && parts[i] != segment.text) return false;
    if (segment.kind == Segment::Kind::Name && !is_component(parts[i])) return false;
  }
  return segments.size() == parts.size();
}

Router::Args Router::args_of(const Compiled& compiled, Parts parts, std::string_view path) {
  Args args;
  for (std::size_t i = 0; i < compiled.segments.size(); ++i) {
    const Segment& segment = compiled.segments[i];
    if (segment.kind == Segment::Kind::Name) args.emplace_back(segment.text, parts[i]);
    if (segment.kind != Segment::Kind::Rest) continue;
    const char* from = i < parts.size() ? parts[i].data() : path.data() + path.size();
    args.emplace_back(segment.text, std::string(from, path.data() + path.size()));
  }
  return args;
}

Router::Match Router::match(Method method, std::string_view path, Wants wants) const {
  Match found;
  const Method asked = method == Method::Head ? Method::Get : method;
  std::array<std::string_view, kPartsMax> cut_path;
  const Parts parts(cut_path.data(), cut(path, cut_path));
  const Compiled* second_best = nullptr;
  const std::string_view first = parts.empty() ? std::string_view{} : parts.front();
  for (const std::string_view key : {first, std::string_view{}}) {
    const auto bucket = by_first_.find(key);
    if (bucket == by_first_.end()) continue;
    for (const std::size_t index : bucket->second) {
      const Compiled& compiled = compiled_[index];
      if (!fits(compiled, parts)) continue;
      const Route& route = *compiled.route;
      found.cors = found.cors || route.policy.cors;
      if (route.method != asked) {
        found.allowed.push_back(route.method);
        continue;
      }
      const bool is_websocket = std::holds_alternative<WebSocketRoute>(route.handler);
      if (is_websocket == (wants == Wants::WebSocket)) {
        found.route = &route;
        found.args = args_of(compiled, parts, path);
        return found;
      }
      if (second_best == nullptr) second_best = &compiled;
    }
    if (key.empty()) break;
  }
  if (second_best == nullptr) return found;
  found.route = second_best->route;
  found.args = args_of(*second_best, parts, path);
  return found;
}

}  // namespace butai::net
