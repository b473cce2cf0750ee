// SIGINT and SIGTERM as a call on the loop: once to stop in order, a second time to stop at once.
// Thread: the loop's.
#pragma once

#include <functional>
#include <memory>

#include "net/loop.h"

namespace butai::client {

class Interrupts {
 public:
  // `asked` runs at the first signal; the second one stops the loop.
  Interrupts(net::Loop& loop, std::function<void()> asked);
  ~Interrupts();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::client
