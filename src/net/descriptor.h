// A non-blocking socket and the two questions asked of the loop about it; reading and writing are
// plain system calls on fd().
// Thread: its loop's.
#pragma once

#include <cstdint>
#include <memory>

#include "base/executor.h"
#include "net/epoll_set.h"

namespace butai::net {

class Loop;

// What is waited for. Level: that it is so. Edge: that it becomes so, which costs no system call; only
// for whoever has just seen that it is not: a recv() that brought less than it asked for, a send()
// that took less than it was given.
enum class Wait : std::uint8_t { Level, Edge };

class Descriptor {
 public:
  Descriptor(Loop& loop, int fd);  // owns `fd`
  ~Descriptor();                   // closes it
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  // `ready` runs once, unless close() comes first: then it is destroyed without running.
  void wait_readable(Task ready, Wait wait = Wait::Level);
  void wait_writable(Task ready, Wait wait = Wait::Level);
  void close();
  int release();  // gives the socket away, still open

 private:
  void arm(Task& waits, Task& ready, Wait wait);

  Loop& loop_;
  std::shared_ptr<EpollSet::Entry> entry_;
  int fd_;
};

}  // namespace butai::net
