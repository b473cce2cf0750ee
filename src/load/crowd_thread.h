// What every crowd of viewers is made of: a thread with an epoll set, joins at a rate, a window.
// Flow:   run -> join when a viewer's time has come, drive when its socket has news, turn when it is due
// Thread: run() and what it calls are the crowd's own; everything public is called from the thread
//         that made it. What both touch is atomic and only counts or commands.
// Limits: kViewersMax.
//
// Open loop: viewer k begins to connect at k / rate, whatever became of those before it.
#pragma once

#include <atomic>  // counters and commands between two threads
#include <cstddef>
#include <cstdint>
#include <thread>  // one per crowd

namespace butai::load {

class CrowdThread {
 public:
  CrowdThread(std::size_t viewers, double joins_per_second)
      : viewers_(viewers), joins_per_second_(joins_per_second) {}
  virtual ~CrowdThread() = default;
  CrowdThread(const CrowdThread&) = delete;
  CrowdThread& operator=(const CrowdThread&) = delete;

  void start();
  std::uint64_t opened() const { return opened_.load(std::memory_order_relaxed); }
  std::uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  bool settled() const { return opened() + failed() >= viewers_; }
  void begin_window() { window_.store(true); }

 protected:
  // Ends the thread; the first thing in the destructor of whoever derives, whose functions it calls.
  void stop();

  virtual void begin(std::int64_t now_us) { static_cast<void>(now_us); }
  // Viewer `index` connects, as was due at `due_us`. Its socket; below 0: it has none, or watches it.
  virtual int join(std::size_t index, std::int64_t due_us) = 0;
  virtual void drive(std::size_t index) = 0;
  virtual void enter_window() {}
  // When the next one is due. This one was due at `due_us`.
  virtual std::int64_t turn(std::int64_t now_us, std::int64_t due_us) = 0;
  virtual void end() = 0;

  bool in_window() const { return in_window_; }
  std::size_t begun() const { return begun_; }
  void count_opened() { opened_.fetch_add(1, std::memory_order_relaxed); }
  void count_failed() { failed_.fetch_add(1, std::memory_order_relaxed); }
  // A connection that was begun; then from its edges to whenever there is something to read; or to nothing.
  void watch_beginner(int descriptor, std::size_t index);
  void watch_level(int descriptor, std::size_t index);
  void watch_no_more(int descriptor);

 private:
  void run();
  void join_those_due(std::int64_t now_us);

  const std::size_t viewers_;
  const double joins_per_second_;
  std::atomic<std::uint64_t> opened_{0}, failed_{0};
  std::atomic<bool> window_{false}, over_{false};
  std::size_t begun_ = 0;
  std::int64_t started_us_ = 0;
  int epoll_ = -1;
  bool in_window_ = false;
  std::thread thread_;
};

}  // namespace butai::load
