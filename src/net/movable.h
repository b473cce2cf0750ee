// Open sockets that must be told when this server stops: viewers go elsewhere, publishers reconnect.
// Thread: each loop touches only its own list; app/ posts to every loop when it drains.
#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"

namespace butai::net {

class Movable {
 public:
  virtual ~Movable() = default;
  // Another server is there: come back `after`, which spreads thousands over the time that is left.
  virtual void move(Millis after) = 0;
  // The time is over: closed with 1001.
  virtual void shut() = 0;
};

class OpenSockets {
 public:
  explicit OpenSockets(std::size_t loops) : lists_(loops) {}
  std::size_t loops() const { return lists_.size(); }
  void add(std::size_t loop, Movable& socket) { lists_[loop].push_back(&socket); }
  void remove(std::size_t loop, Movable& socket) { std::erase(lists_[loop], &socket); }
  // A copy: sockets leave the list while they are told.
  std::vector<Movable*> of(std::size_t loop) const { return lists_[loop]; }

 private:
  std::vector<std::vector<Movable*>> lists_;
};

}  // namespace butai::net
