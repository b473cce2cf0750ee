// One thread, one Asio loop, and everything that lives on it (DESIGN decision 4).
// Thread: post() from anywhere; the rest on the loop's own thread.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"

namespace boost::asio {
class io_context;
}

namespace butai::net {

class EpollSet;
struct Scratch;

class Loop final : public Executor {
 public:
  explicit Loop(std::size_t index);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // From another loop: with whatever else that one posts in this turn, in the same order.
  void post(Task task) override;
  void post_at_once(Task task);  // for who stands still until it has run
  TimerHandle after(Micros delay, Task task) override;
  bool on_thread() const override;
  bool running() const;                         // some thread is inside run(); from any thread
  std::size_t index() const { return index_; }  // 0 … count - 1

  // Runs on the calling thread until stop(); only .cc files that include Asio use context().
  void run();
  void stop();  // from any thread
  boost::asio::io_context& context();
  EpollSet& descriptors();  // for net/descriptor.h
  // Keeps a connection alive that nobody else owns, until released or until this loop is destroyed.
  void keep(std::shared_ptr<void> resident);
  void release(const void* resident);  // after whatever runs now
  Scratch& scratch();  // working memory of this thread (net/scratch.h); borrow, never keep

  // The loop that runs the calling thread, or null.
  static Loop* current();

 private:
  struct Impl;
  void send_later(Loop& to, Task task);
  void send_outbox();

  std::unique_ptr<Impl> impl_;
  std::size_t index_;
};

// One loop per core, each on its own thread named "butai-loop-N".
class Loops {
 public:
  explicit Loops(std::size_t count);  // 0: one per core
  ~Loops();                           // stops and joins
  Loop& operator[](std::size_t index) { return *loops_[index]; }
  std::size_t size() const { return loops_.size(); }
  void start();  // returns when each is running
  void stop();   // stops every loop and joins its thread

 private:
  struct Threads;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::unique_ptr<Threads> threads_;
};

}  // namespace butai::net
