// A non-blocking socket and the two questions asked of the loop about it. Keeps Asio out of
// everybody else's headers; reading and writing are plain system calls on fd().
// Thread: its loop's.
#pragma once

#include <memory>

#include "base/executor.h"

namespace butai::net {

class Loop;

class Descriptor {
 public:
  Descriptor(Loop& loop, int fd);  // owns `fd`
  ~Descriptor();                   // closes it
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // `ready` runs once, unless close() comes first: then it is destroyed without running.
  void wait_readable(Task ready);
  void wait_writable(Task ready);
  void close();
  int release();  // gives the socket away, still open

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  int fd_;
};

}  // namespace butai::net
