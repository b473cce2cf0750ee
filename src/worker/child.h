// One running butai-worker as its parent sees it: a process, a socket pair, and nothing that blocks.
// Flow:   Line -> Child::send -> fd 3 of the child; messages of the child -> ChildListener
// Thread: one loop owns it; the listener is called on that loop.
// Limits: bytes read per turn (worker/limits.h). The queue towards the child is bounded by Line.
//
// The child gets fd 3 (its end of the pair), /dev/null or our own standard input as 0, /dev/null as
// 1, our standard error as 2, no other descriptor, and no environment but what sanitizers need: a
// process that reads hostile bytes shall not know our secrets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/problem.h"
#include "net/descriptor.h"
#include "net/loop.h"
#include "worker/message_codec.h"

namespace butai::worker {

inline constexpr int kChildSocket = 3;  // the descriptor a child finds its end of the pair at

// Exit statuses of butai-worker.
inline constexpr int kExitDone = 0;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitGaveUp = 3;  // the input is unusable; it was said in a Complaint

struct Departure {
  std::string reason;    // "the worker was killed by signal 9"
  bool gave_up = false;  // kExitGaveUp
  bool done = false;     // kExitDone
};

class ChildListener {
 public:
  virtual ~ChildListener() = default;
  virtual void on_message(Message message) = 0;
  virtual void on_room() = 0;                     // the kernel took some of unsent()
  virtual void on_gone(Departure departure) = 0;  // last call
};

enum class StandardInput : std::uint8_t { Nothing, Ours };

class Child : public std::enable_shared_from_this<Child> {
 public:
  // `title` is the child's only argument, for people who look at the process list.
  static Expected<std::shared_ptr<Child>> start(net::Loop& loop, const std::string& executable,
                                                const std::string& title, StandardInput input,
                                                ChildListener& listener);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  void send(Wire wire);
  std::size_t unsent() const { return unsent_; }
  std::uint64_t sent() const { return sent_; }  // bytes the kernel took, ever
  void pause();                                 // nothing is read until resume()
  void resume();
  void kill();  // on_gone follows
  void end();   // kills; the listener hears nothing more
  pid_t process_id() const { return pid_; }

 private:
  Child(net::Loop& loop, pid_t pid, int socket, ChildListener& listener);
  void watch_exit();
  void wait_readable();
  void read();
  bool deliver();  // whole messages; false: stop reading (paused, ended or not understood)
  void flush();
  void lost();  // the socket ended
  void reap();
  void depart();

  net::Loop& loop_;
  pid_t pid_;
  net::Descriptor socket_;
  std::unique_ptr<net::Descriptor> exit_;  // pidfd; null where the kernel has none
  ChildListener* listener_;
  MessageReader reader_;
  std::deque<Wire> queue_;
  std::size_t front_sent_ = 0;  // bytes of queue_.front() the kernel has
  std::size_t unsent_ = 0;
  std::uint64_t sent_ = 0;
  bool reading_ = false, writing_ = false;  // a wait is pending
  bool paused_ = false, ended_ = false, reaped_ = false;
  int status_ = 0;
  std::string protocol_error_;
};

}  // namespace butai::worker
