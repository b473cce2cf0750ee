// The descriptors of one loop and what is waited for on them: an epoll set of our own, inside Asio's.
// Flow:   kernel -> turn -> the task that waits
// Thread: its loop's.
// Limits: kEventsPerTurn, then the turn of timers and of what was posted.
//
// A descriptor is registered once, for edges, so that a wait usually costs no system call: Asio asks
// the kernel anew for every wait, which was a fifth of a small request.
#pragma once

#include <memory>

#include "base/executor.h"

namespace boost::asio {
class io_context;
}

namespace butai::net {

class EpollSet {
 public:
  struct Entry {
    int fd;                   // -1: removed
    Task readable, writable;  // empty: nobody waits
    bool hung_up = false;     // by the peer, or broken: there is no further edge
  };

  explicit EpollSet(boost::asio::io_context& context);
  ~EpollSet();  // tasks that wait are destroyed without running
  EpollSet(const EpollSet&) = delete;
  EpollSet& operator=(const EpollSet&) = delete;

  // Never fails for the caller: a socket that the kernel does not watch is shut down.
  std::shared_ptr<Entry> add(int fd);
  // Before its `fd` is closed; its tasks are destroyed without running.
  void remove(Entry& entry);
  // What is so already counts as an edge once more.
  void look_again(Entry& entry);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::net
