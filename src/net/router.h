// The route table, compiled once and read by every loop.
// Flow:   method + path -> route and its {args}; or 404, 405 with Allow
// Thread: immutable after construction.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/route.h"

namespace butai::net {

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  // null: `allowed` tells whether the path exists at all
    std::vector<std::pair<std::string, std::string>> args;
    std::vector<Method> allowed;  // methods of this path, when route is null
    bool cors = false;            // some route of this path may be asked from other origins
  };
  enum class Wants : std::uint8_t { Answer, WebSocket };
  // HEAD finds GET. A WebSocket route is found by GET whatever is wanted, if nothing else fits.
  Match match(Method method, std::string_view path, Wants wants) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Segment {
    enum class Kind : std::uint8_t { Literal, Name, Rest } kind = Kind::Literal;
    std::string text;  // the literal, or the name
  };
  struct Compiled {
    const Route* route = nullptr;
    std::vector<Segment> segments;
  };
  using Args = std::vector<std::pair<std::string, std::string>>;
  using Parts = std::span<const std::string_view>;  // of a path; the last one may be the rest of it

  static std::vector<Segment> compile(std::string_view pattern);
  static bool fits(const Compiled& compiled, Parts parts);
  static Args args_of(const Compiled& compiled, Parts parts, std::string_view path);

  std::vector<Route> routes_;
  std::vector<Compiled> compiled_;  // literal segments before names, names before rests
  // Compiled routes by their first literal segment, in order; "" holds those that start otherwise.
  std::map<std::string, std::vector<std::size_t>, std::less<>> by_first_;
};

}  // namespace butai::net
