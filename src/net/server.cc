#include "net/server.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "net/http1_connection.h"
#include "net/http_context.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "net/tls_transport.h"

namespace butai::net {

namespace {

// Runs `task` on `loop` and waits for it; directly when this is its thread or no thread runs it.
void run_on(Loop& loop, const std::function<void()>& task) {
  if (loop.on_thread() || !loop.running()) return task();
  struct Done {
    std::mutex mutex;
    std::condition_variable changed;
    bool yes = false;
  };
  const auto done = std::make_shared<Done>();
  loop.post([done, &task] {
    task();
    const std::lock_guard lock(done->mutex);
    done->yes = true;
    done->changed.notify_one();
  });
  std::unique_lock lock(done->mutex);
  // A loop that is being stopped meanwhile never runs it: look again now and then.
  while (!done->changed.wait_for(lock, Millis{50}, [&] { return done->yes; })) {
    if (loop.running()) continue;
    lock.unlock();
    return task();
  }
}

std::shared_ptr<const PeerPolicy> policy_of(const ServerOptions& options) {
  auto policy = PeerPolicy::make(options.trusted_proxies, options.public_url);
  if (policy) return std::make_shared<const PeerPolicy>(std::move(*policy));
  log::error("no proxy is trusted", {{"why", policy.error().sentence}});
  return std::make_shared<const PeerPolicy>(*PeerPolicy::make({}, options.public_url));
}

}  // namespace

struct Server::Impl {
  struct PerLoop {
    HttpContext context;
    std::vector<std::unique_ptr<Listener>> listeners;
  };

  Impl(Loops& all, std::vector<Route> routes, const ServerOptions& options)
      : loops(all), router(std::move(routes)), limits(options.unproven_per_address) {}

  void accept(PerLoop& place, int fd, const sockaddr_storage& from,
              const std::shared_ptr<TlsContext>& with) {
    HttpContext& context = place.context;
    std::shared_ptr<Transport> transport;
    if (with) {
      transport = make_tls_server(context.loop, fd, context.counters.traffic,
                                  *with->current(context.clock.steady()));
    } else {
      transport = std::make_shared<Transport>(context.loop, fd, context.counters.traffic);
    }
    std::make_shared<Http1Connection>(context, std::move(transport), Address::of(from),
                                      with ? Scheme::Https : Scheme::Http)
        ->start();
  }

  Loops& loops;
  const Router router;
  AddressLimits limits;
  std::atomic<std::size_t> open{0};
  std::shared_ptr<TlsContext> tls;
  std::vector<std::shared_ptr<PerLoop>> places;
};

Server::Server(Loops& loops, std::vector<Route> routes, Guard& guard, const Clock& clock,
               Metrics& metrics, ServerOptions options)
    : impl_(std::make_unique<Impl>(loops, std::move(routes), options)) {
  const auto policy = policy_of(options);
  for (std::size_t index = 0; index < loops.size(); ++index) {
    impl_->places.push_back(std::make_shared<Impl::PerLoop>(
        Impl::PerLoop{{loops[index], impl_->router, guard, clock, impl_->limits, metrics, policy,
                       options.deadlines, impl_->open},
                      {}}));
  }
}

Server::~Server() {
  for (const auto& place : impl_->places) {
    run_on(place->context.loop, [&place] {
      place->listeners.clear();
      const auto open = place->context.connections;  // each cut changes the set
      for (Connection* connection : open) connection->cut();
    });
  }
}

Expected<void> Server::use_certificate(TlsFiles files) {
  auto context = TlsContext::make(std::move(files));
  if (!context) return std::unexpected(context.error());
  impl_->tls = std::move(*context);
  return {};
}

Expected<std::uint16_t> Server::listen(const ListenOptions& options) {
  if (options.tls && !impl_->tls) {
    return problem("https was asked for without a certificate; set one or let one be made");
  }
  std::uint16_t port = options.port;
  auto sockets = bind_all(options.host, port, impl_->places.size());
  if (!sockets) return std::unexpected(sockets.error());
  const auto tls = options.tls ? impl_->tls : nullptr;
  for (std::size_t index = 0; index < sockets->size(); ++index) {
    const int fd = (*sockets)[index];
    const auto& place = impl_->places[index];
    run_on(place->context.loop, [this, fd, tls, &place] {
      auto* const at = place.get();
      place->listeners.push_back(std::make_unique<Listener>(
          at->context.loop, fd,
          [impl = impl_.get(), at, tls](int accepted, const sockaddr_storage& from) {
            impl->accept(*at, accepted, from, tls);
          }));
      place->listeners.back()->start();
    });
  }
  return port;
}

void Server::reconfigure(const ServerOptions& options) {
  const auto policy = policy_of(options);
  for (const auto& place : impl_->places) {
    place->context.loop.post([weak = std::weak_ptr(place), policy] {
      if (const auto kept = weak.lock()) kept->context.peers = policy;
    });
  }
}

void Server::stop_accepting() {
  for (const auto& place : impl_->places) {
    place->context.loop.post([weak = std::weak_ptr(place)] {
      const auto kept = weak.lock();
      if (!kept) return;
      for (const auto& listener : kept->listeners) listener->stop();
      kept->listeners.clear();
      kept->context.draining = true;
      const auto open = kept->context.connections;
      for (Connection* connection : open) connection->end_if_idle();
    });
  }
}

std::size_t Server::connections() const { return impl_->open; }

}  // namespace butai::net
