#include "access/oidc/provider.h"

#include <atomic>              // seen inside libcurl's callback
#include <condition_variable>  // the thread sleeps until the next fetch
#include <mutex>               // what is known, who waits
#include <thread>              // a fetch may take seconds
#include <utility>
#include <vector>

#include "access/jwks.h"
#include "access/oidc/id_token.h"
#include "base/log.h"

namespace butai::access::oidc {

struct Provider::Impl {
  Impl(Settings wanted, const Clock& time)
      : settings(std::move(wanted)), clock(time), schedule(time.steady()) {}

  struct Waiter {
    Executor* home;
    std::move_only_function<void()> done;
  };

  const Settings settings;
  const Clock& clock;
  std::atomic<bool> stop{false};
  std::mutex mutex;  // all below
  std::condition_variable wake;
  JwksSchedule schedule;
  std::shared_ptr<const Known> known;
  std::vector<Waiter> waiters;
  std::thread thread;

  Expected<Known> fetch() {
    const auto document = read_jwks(discovery_url(settings.issuer), stop);
    if (!document) return std::unexpected(document.error());
    auto metadata = parse_discovery(*document, settings.issuer);
    if (!metadata) return std::unexpected(metadata.error());
    const auto jwks = read_jwks(metadata->jwks_uri, stop);
    if (!jwks) return std::unexpected(jwks.error());
    auto keys = parse_jwks(*jwks);
    // A client's secret is enough where nothing else is published.
    return Known{std::move(*metadata), allowed_keys(settings, keys ? std::move(*keys) : Keys{})};
  }

  void note(Expected<Known> result) {
    std::vector<Waiter> told;
    {
      const std::lock_guard lock(mutex);
      if (result) {
        known = std::make_shared<const Known>(std::move(*result));
        schedule.fetched(clock.steady());
      } else {
        schedule.failed(clock.steady());
      }
      told.swap(waiters);
    }
    if (!result && !stop) {
      log::warning("an identity provider could not be asked; next try in 30 s",
                   {{"provider", settings.name}, {"why", result.error().sentence}});
    }
    for (Waiter& waiter : told) waiter.home->post(std::move(waiter.done));
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex);
      while (!stop && clock.steady() < schedule.next()) {
        wake.wait_for(lock, schedule.next() - clock.steady());
      }
      lock.unlock();
      if (stop) return;
      note(fetch());
    }
  }
};

Provider::Provider(Settings settings, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(settings), clock)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

Provider::~Provider() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

const Settings& Provider::settings() const { return impl_->settings; }

std::shared_ptr<const Provider::Known> Provider::known() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->known;
}

void Provider::refresh(Executor& home, std::move_only_function<void()> done) {
  const std::lock_guard lock(impl_->mutex);
  impl_->schedule.missing(impl_->clock.steady());
  if (impl_->schedule.next() > impl_->clock.steady()) return home.post(std::move(done));
  impl_->waiters.push_back({&home, std::move(done)});
  impl_->wake.notify_one();
}

}  // namespace butai::access::oidc
