#include "access/oidc/provider.h"

#include <mutex>  // what is known, who waits
#include <utility>
#include <vector>

#include "access/jwks.h"
#include "access/oidc/id_token.h"
#include "access/refresher.h"
#include "base/log.h"

namespace butai::access::oidc {

struct Provider::Impl {
  Impl(Settings wanted, const Clock& clock)
      : settings(std::move(wanted)),
        refresher(clock, {.fetch = [this](const std::atomic<bool>& stop) { return take(stop); },
                          .noted = [this] { tell(); }}) {}

  struct Waiter {
    Executor* home;
    std::move_only_function<void()> done;
  };

  const Settings settings;
  std::mutex mutex;  // of the two below
  std::shared_ptr<const Known> known;
  std::vector<Waiter> waiters;
  Refresher refresher;

  Expected<Known> fetch(const std::atomic<bool>& stop) const {
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

  bool take(const std::atomic<bool>& stop) {
    auto result = fetch(stop);
    if (result) {
      const std::lock_guard lock(mutex);
      known = std::make_shared<const Known>(std::move(*result));
    } else if (!stop) {
      log::warning("an identity provider could not be asked; next try in 30 s",
                   {{"provider", settings.name}, {"why", result.error().sentence}});
    }
    return result.has_value();
  }

  void tell() {
    std::vector<Waiter> told;
    {
      const std::lock_guard lock(mutex);
      told.swap(waiters);
    }
    for (Waiter& waiter : told) waiter.home->post(std::move(waiter.done));
  }
};

Provider::Provider(Settings settings, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(settings), clock)) {}

Provider::~Provider() = default;

const Settings& Provider::settings() const { return impl_->settings; }

std::shared_ptr<const Provider::Known> Provider::known() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->known;
}

void Provider::refresh(Executor& home, std::move_only_function<void()> done) {
  // Under one lock with tell(): a fetch that ends meanwhile still finds this one waiting.
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->refresher.missing()) return home.post(std::move(done));
  impl_->waiters.push_back({&home, std::move(done)});
}

}  // namespace butai::access::oidc
