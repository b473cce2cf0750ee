#include "net/router.h"

#include <algorithm>

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

std::string_view first_segment(std::string_view path) {
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
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

bool Router::fits(const Compiled& compiled, std::string_view path, Args& args) {
  args.clear();
  if (path == "/") {
    if (compiled.segments.empty()) return true;
    if (compiled.segments.front().kind != Segment::Kind::Rest) return false;
  }
  std::string_view rest = path.substr(1);
  bool more = true;  // a segment is still to be read, maybe an empty last one
  for (const Segment& segment : compiled.segments) {
    if (!more) return false;
    if (segment.kind == Segment::Kind::Rest) {
      args.emplace_back(segment.text, rest);
      return true;
    }
    more = rest.find('/') != std::string_view::npos;
    const std::string_view part = cut_segment(rest);
    if (segment.kind == Segment::Kind::Literal && part != segment.text) return false;
    if (segment.kind == Segment::Kind::Name) {
      if (!is_component(part)) return false;
      args.emplace_back(segment.text, part);
    }
  }
  return !more && rest.empty() && path != "/";
}

Router::Match Router::match(Method method, std::string_view path, Wants wants) const {
  Match found;
  const Method asked = method == Method::Head ? Method::Get : method;
  const Route* second_best = nullptr;
  Args second_args;
  Args args;
  for (const std::string& key : {std::string(first_segment(path)), std::string()}) {
    const auto bucket = by_first_.find(key);
    if (bucket == by_first_.end()) continue;
    for (const std::size_t index : bucket->second) {
      const Route& route = *compiled_[index].route;
      if (!fits(compiled_[index], path, args)) continue;
      found.cors = found.cors || route.policy.cors;
      if (route.method != asked) {
        found.allowed.push_back(route.method);
        continue;
      }
      const bool is_websocket = std::holds_alternative<WebSocketRoute>(route.handler);
      if (is_websocket == (wants == Wants::WebSocket)) {
        found.route = &route;
        found.args = std::move(args);
        return found;
      }
      if (second_best == nullptr) {
        second_best = &route;
        second_args = args;
      }
    }
    if (key.empty()) break;
  }
  found.route = second_best;
  found.args = std::move(second_args);
  return found;
}

}  // namespace butai::net
