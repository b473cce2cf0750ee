#include "net/loop.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <latch>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "net/epoll_set.h"
#include "net/scratch.h"

namespace butai::net {

namespace asio = boost::asio;

namespace {

thread_local Loop* current_loop = nullptr;  // NOLINT: what "the calling thread" means

constexpr Micros kLongWait{200'000};  // from here on a timer may be late …
constexpr Micros kWaitGrain{20'000};  // … by this

}  // namespace

// Timers of one loop: an ordered map and one Asio timer armed for the earliest. A viewer's ping
// timer costs a map node, and a handle that outlives the loop harms nothing.
class TimerQueue : public std::enable_shared_from_this<TimerQueue> {
 public:
  explicit TimerQueue(asio::io_context& context) : alarm_(context) {}

  TimerHandle add(Steady when, Task task) {
    const Key key{when, next_++};
    tasks_.emplace(key, std::move(task));
    if (when < armed_for_) arm(when);
    return std::make_unique<Pending>(weak_from_this(), key);
  }

 private:
  using Key = std::pair<Steady, std::uint64_t>;
  struct Pending final : Timer {
    Pending(std::weak_ptr<TimerQueue> queue, Key key) : queue_(std::move(queue)), key_(key) {}
    ~Pending() override {
      if (const auto queue = queue_.lock()) queue->tasks_.erase(key_);
    }
    std::weak_ptr<TimerQueue> queue_;
    Key key_;
  };

  void arm(Steady when) {
    armed_for_ = when;
    alarm_.expires_at(when);
    alarm_.async_wait([this](const boost::system::error_code& error) {
      if (!error) fire();
    });
  }

  void fire() {
    // Tasks that a task adds wait for the next turn, so that a zero delay cannot starve the loop.
    const Steady now = std::chrono::steady_clock::now();
    const std::uint64_t last = next_;
    for (auto next = tasks_.begin(); next != tasks_.end() && next->first.first <= now;) {
      if (next->first.second >= last) {
        ++next;
        continue;
      }
      auto node = tasks_.extract(next);
      node.mapped()();
      next = tasks_.begin();
    }
    armed_for_ = Steady::max();
    if (!tasks_.empty()) arm(tasks_.begin()->first.first);
  }

  asio::steady_timer alarm_;
  std::map<Key, Task> tasks_;
  std::uint64_t next_ = 0;
  Steady armed_for_ = Steady::max();
};

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::shared_ptr<TimerQueue> timers = std::make_shared<TimerQueue>(context);
  Scratch scratch;
  EpollSet descriptors{context};
  // What this loop's tasks posted to others since it last turned to its queue: a burst of frames wakes
  // each of them once.
  std::vector<std::pair<Loop*, std::vector<Task>>> outbox;
  std::atomic<std::thread::id> thread{};
  std::unordered_map<const void*, std::shared_ptr<void>> residents;  // die before the context
};

Loop::Loop(std::size_t index) : impl_(std::make_unique<Impl>()), index_(index) {}

Loop::~Loop() = default;

void Loop::post(Task task) {
  if (current_loop == nullptr || current_loop == this) return post_at_once(std::move(task));
  current_loop->send_later(*this, std::move(task));
}

void Loop::post_at_once(Task task) { asio::post(impl_->context, std::move(task)); }

void Loop::send_later(Loop& to, Task task) {
  auto& outbox = impl_->outbox;
  if (outbox.empty()) asio::post(impl_->context, [this] { send_outbox(); });
  auto found = std::ranges::find(outbox, &to, [](const auto& each) { return each.first; });
  if (found == outbox.end()) {
    outbox.emplace_back(&to, std::vector<Task>());
    found = outbox.end() - 1;
  }
  found->second.push_back(std::move(task));
}

void Loop::send_outbox() {
  for (auto& [to, tasks] : std::exchange(impl_->outbox, {})) {
    asio::post(to->impl_->context, [due = std::move(tasks)]() mutable {
      for (Task& task : due) std::exchange(task, {})();
    });
  }
}

// Long waits end together: the watches of hundreds of channels then wake the loop once.
TimerHandle Loop::after(Micros delay, Task task) {
  Steady when = std::chrono::steady_clock::now() + delay;
  if (delay >= kLongWait) {
    when = Steady{(when.time_since_epoch() + kWaitGrain) / kWaitGrain * kWaitGrain};
  }
  return impl_->timers->add(when, std::move(task));
}

bool Loop::on_thread() const { return impl_->thread.load() == std::this_thread::get_id(); }

bool Loop::running() const { return impl_->thread.load() != std::thread::id{}; }

void Loop::run() {
  impl_->thread = std::this_thread::get_id();
  current_loop = this;
  impl_->context.run();
  current_loop = nullptr;
  impl_->thread = std::thread::id{};
}

void Loop::stop() { impl_->context.stop(); }

asio::io_context& Loop::context() { return impl_->context; }

EpollSet& Loop::descriptors() { return impl_->descriptors; }

void Loop::keep(std::shared_ptr<void> resident) {
  const void* key = resident.get();
  impl_->residents.emplace(key, std::move(resident));
}

void Loop::release(const void* resident) {
  auto node = impl_->residents.extract(resident);
  if (!node.empty()) post([last = std::move(node.mapped())] {});
}

Scratch& Loop::scratch() { return impl_->scratch; }

Loop* Loop::current() { return current_loop; }

struct Loops::Threads {
  std::vector<std::thread> list;
};

Loops::Loops(std::size_t count) : threads_(std::make_unique<Threads>()) {
  if (count == 0) count = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t index = 0; index < count; ++index) {
    loops_.push_back(std::make_unique<Loop>(index));
  }
}

Loops::~Loops() { stop(); }

void Loops::start() {
  for (const auto& loop : loops_) {
    threads_->list.emplace_back([&loop = *loop] {
      pthread_setname_np(pthread_self(), ("butai-loop-" + std::to_string(loop.index())).c_str());
      loop.run();
    });
  }
  // Whoever asks a loop from now on whether it is running gets one answer.
  std::latch up(static_cast<std::ptrdiff_t>(loops_.size()));
  for (const auto& loop : loops_) loop->post_at_once([&up] { up.count_down(); });
  up.wait();
}

void Loops::stop() {
  for (const auto& loop : loops_) loop->stop();
  for (auto& thread : threads_->list) thread.join();
  threads_->list.clear();
}

}  // namespace butai::net
