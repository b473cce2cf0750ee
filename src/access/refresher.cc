#include "access/refresher.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace butai::access {

struct Refresher::Impl {
  Impl(const Clock& time, Work what)
      : clock(time), work(std::move(what)), schedule(time.steady()) {}

  const Clock& clock;
  const Work work;
  std::atomic<bool> stop{false};  // read inside libcurl's callback
  std::mutex mutex;               // schedule is moved by loops and by the thread
  std::condition_variable wake;
  FetchSchedule schedule;
  std::thread thread;

  void run() {
    while (true) {
      std::unique_lock lock(mutex);
      while (!stop && clock.steady() < schedule.next()) {
        wake.wait_for(lock, schedule.next() - clock.steady());
      }
      lock.unlock();
      if (stop) return;
      const bool good = work.fetch(stop);
      lock.lock();
      good ? schedule.fetched(clock.steady()) : schedule.failed(clock.steady());
      lock.unlock();
      work.noted();
    }
  }
};

Refresher::Refresher(const Clock& clock, Work work)
    : impl_(std::make_unique<Impl>(clock, std::move(work))) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

Refresher::~Refresher() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void Refresher::reload() {
  const std::lock_guard lock(impl_->mutex);
  impl_->schedule.reload(impl_->clock.steady());
  impl_->wake.notify_one();
}

bool Refresher::missing() {
  const std::lock_guard lock(impl_->mutex);
  const Steady now = impl_->clock.steady();
  impl_->schedule.missing(now);
  impl_->wake.notify_one();
  return impl_->schedule.next() <= now;
}

}  // namespace butai::access
