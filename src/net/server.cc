#include "net/server.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/log.h"
#include "net/admission.h"
#include "net/http1_codec.h"
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
  loop.post_at_once([done, &task] {
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

// As many connections as descriptors allow when some are kept for everything else.
std::size_t capacity_by_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t kept = kDescriptorsKept + kSpareConnections;
  const std::size_t all = limit.rlim_cur > 2 * kept ? limit.rlim_cur - kept : limit.rlim_cur / 2;
  return all - all / kApartShare;
}

Capacity capacity_of(const ServerOptions& options) {
  const std::size_t viewers = options.capacity > 0 ? options.capacity : capacity_by_descriptors();
  return {viewers, std::max(viewers / kApartShare, kApartLeast), options.stands_apart};
}

// An accepted descriptor on its way to its loop: closed if it never arrives.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace

struct Server::Impl {
  struct PerLoop {
    HttpContext context;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::size_t hand_over_next = 0;  // the loop that is compared with next
  };

  Impl(Loops& all, std::vector<Route> routes, const ServerOptions& options)
      : loops(all),
        router(std::move(routes)),
        limits(options.unproven_per_address),
        open(all.size()),
        sockets(options.sockets),
        capacity(capacity_of(options)) {}

  // Of the loop that accepted: takes the connection, or hands it to a loop that has fewer.
  void accept(const std::shared_ptr<PerLoop>& here, int fd, const sockaddr_storage& from,
              const std::shared_ptr<TlsContext>& with) {
    if (open.all >= capacity.viewers + kSpareConnections)
      return refuse(fd, with ? Scheme::Https : Scheme::Http);
    const std::size_t own = here->context.loop.index();
    const std::size_t others = places.size() - 1;
    const std::size_t other =
        others == 0 ? own : (own + 1 + here->hand_over_next++ % others) % places.size();
    if (open.by_loop[own] <= open.by_loop[other] + kLoadSlack) {
      return begin(here->context, fd, from, with);
    }
    ++open.by_loop[other];  // on its way
    const auto& there = places[other];
    there->context.loop.post(
        [this, weak = std::weak_ptr(there), other, socket = Socket(fd), from, with]() mutable {
          const auto place = weak.lock();
          if (!place) return;  // the server is gone, and `this` with it
          --open.by_loop[other];
          begin(place->context, socket.release(), from, with);
        });
  }

  // Full beyond what is spared: one sentence, if it can be read, and the end.
  static void refuse(int fd, Scheme scheme) {
    const Socket socket(fd);
    if (scheme == Scheme::Https) return;
    Response answer = full_answer();
    answer.headers.add("Content-Length", "0");
    answer.headers.add("Connection", "close");
    const std::string head = write_head(answer.status, answer.headers);
    ::send(fd, head.data(), head.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  static void begin(HttpContext& context, int fd, const sockaddr_storage& from,
                    const std::shared_ptr<TlsContext>& with) {
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
  OpenCounts open;
  const SocketOptions sockets;
  const Capacity capacity;
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
                       options.deadlines, impl_->open, impl_->capacity},
                      {}}));
  }
}

Server::~Server() {
  for (const auto& place : impl_->places) {
    run_on(place->context.loop, [&place] { place->listeners.clear(); });
  }
  // From here on nobody hands over any more; what was on its way arrives before this.
  for (const auto& place : impl_->places) {
    run_on(place->context.loop, [&place] {
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
  auto sockets = bind_all(options.host, port, impl_->places.size(), impl_->sockets);
  if (!sockets) return std::unexpected(sockets.error());
  const auto tls = options.tls ? impl_->tls : nullptr;
  for (std::size_t index = 0; index < sockets->size(); ++index) {
    const int fd = (*sockets)[index];
    const auto& place = impl_->places[index];
    run_on(place->context.loop, [this, fd, tls, &place] {
      place->listeners.push_back(std::make_unique<Listener>(
          place->context.loop, fd,
          [impl = impl_.get(), &place, tls](int accepted, const sockaddr_storage& from) {
            impl->accept(place, accepted, from, tls);
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

std::size_t Server::connections() const { return impl_->open.all + impl_->open.apart; }

}  // namespace butai::net
