#include "ingest/rtmp/rtmp_server.h"

#include <atomic>  // a count that every loop moves and drain() reads
#include <unordered_set>
#include <utility>
#include <vector>

#include "net/limits.h"
#include "net/listener.h"
#include "net/tls_context.h"
#include "net/tls_transport.h"

namespace butai::ingest::rtmp {

struct RtmpServer::Impl {
  struct PerLoop {
    explicit PerLoop(net::Loop& l) : loop(l) {}
    net::Loop& loop;
    std::vector<std::unique_ptr<net::Listener>> listeners;
    std::unordered_set<RtmpConnection*> connections;
  };

  explicit Impl(RtmpPorts p) : ports(std::move(p)), counters(ports.metrics) {}

  void accept(PerLoop& place, int fd, const sockaddr_storage& from,
              const std::shared_ptr<net::TlsContext>& with) {
    std::shared_ptr<net::Transport> transport;
    if (with) {
      transport = net::make_tls_server(place.loop, fd, counters.traffic,
                                       *with->current(ports.clock.steady()));
    } else {
      transport = std::make_shared<net::Transport>(place.loop, fd, counters.traffic);
    }
    auto connection = std::make_shared<RtmpConnection>(
        ports, counters, limits, std::move(transport), net::Address::of(from), with != nullptr,
        [this, &place](RtmpConnection& gone) {
          --open;
          place.connections.erase(&gone);
          place.loop.release(&gone);
        });
    ++open;
    place.connections.insert(connection.get());
    place.loop.keep(std::shared_ptr<void>(connection, connection.get()));
    connection->start();
  }

  const RtmpPorts ports;
  RtmpCounters counters;
  net::AddressLimits limits{net::kUnprovenPerAddress};
  std::atomic<std::size_t> open{0};
  std::shared_ptr<net::TlsContext> tls;
  std::vector<std::shared_ptr<PerLoop>> places;
};

RtmpServer::RtmpServer(net::Loops& loops, RtmpPorts ports)
    : impl_(std::make_unique<Impl>(std::move(ports))) {
  for (std::size_t i = 0; i < loops.size(); ++i) {
    impl_->places.push_back(std::make_shared<Impl::PerLoop>(loops[i]));
  }
}

RtmpServer::~RtmpServer() {
  for (const auto& place : impl_->places) {
    place->listeners.clear();
    const auto open = place->connections;  // each cut changes the set
    for (RtmpConnection* connection : open) connection->cut();
  }
}

Expected<void> RtmpServer::use_certificate(net::TlsFiles files) {
  auto context = net::TlsContext::make(std::move(files));
  if (!context) return std::unexpected(context.error());
  impl_->tls = std::move(*context);
  return {};
}

Expected<std::uint16_t> RtmpServer::listen(const net::ListenOptions& options) {
  std::uint16_t port = options.port;
  auto sockets = net::bind_all(options.host, port, impl_->places.size());
  if (!sockets) return std::unexpected(sockets.error());
  const auto tls = options.tls ? impl_->tls : nullptr;
  for (std::size_t i = 0; i < sockets->size(); ++i) {
    impl_->places[i]->loop.post(
        [impl = impl_.get(), place = impl_->places[i], fd = (*sockets)[i], tls] {
          place->listeners.push_back(std::make_unique<net::Listener>(
              place->loop, fd,
              [impl, at = place.get(), tls](int accepted, const sockaddr_storage& from) {
                impl->accept(*at, accepted, from, tls);
              }));
          place->listeners.back()->start();
        });
  }
  return port;
}

void RtmpServer::stop_accepting() {
  for (const auto& place : impl_->places) {
    place->loop.post([weak = std::weak_ptr(place)] {
      const auto kept = weak.lock();
      if (!kept) return;
      for (const auto& listener : kept->listeners) listener->stop();
      kept->listeners.clear();
    });
  }
}

std::size_t RtmpServer::connections() const { return impl_->open; }

}  // namespace butai::ingest::rtmp
