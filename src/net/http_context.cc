#include "net/http_context.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

namespace butai::net {

HttpCounters::HttpCounters(Metrics& metrics, std::size_t loop_index)
    : connections(metrics.gauge("butai_net_connections", "open connections",
                                {{"loop", std::to_string(loop_index)}})),
      seconds(metrics.histogram("butai_http_request_seconds", "from a request's head to its answer",
                                {0.001, 0.005, 0.02, 0.1, 0.5, 2, 10},
                                {{"loop", std::to_string(loop_index)}})),
      refused(metrics.counter("butai_net_refused_total",
                              "connections ended for too many of an address or a bad or late head",
                              {{"loop", std::to_string(loop_index)}})) {
  const Metrics::Labels loop{{"loop", std::to_string(loop_index)}};
  const auto labelled = [&](const std::string& name, const std::string& value) {
    Metrics::Labels labels = loop;
    labels[name] = value;
    return labels;
  };
  for (std::size_t status_class = 1; status_class < by_class.size(); ++status_class) {
    by_class[status_class] =
        &metrics.counter("butai_http_requests_total", "requests answered, by class of status",
                         labelled("class", fmt::format("{}xx", status_class)));
  }
  by_class[0] = by_class[5];
  traffic.received =
      &metrics.counter("butai_net_received_bytes_total", "bytes read from sockets", loop);
  traffic.sent = &metrics.counter("butai_net_sent_bytes_total", "bytes the kernel took", loop);
  websocket.received = &metrics.counter("butai_websocket_messages_total", "WebSocket data messages",
                                        labelled("direction", "in"));
  websocket.sent = &metrics.counter("butai_websocket_messages_total", "WebSocket data messages",
                                    labelled("direction", "out"));
  http2.connections =
      &metrics.counter("butai_http2_connections_total", "connections that spoke HTTP/2", loop);
  for (std::size_t fault = 1; fault < kHttp2FaultCount; ++fault) {
    http2.faults[fault] = &metrics.counter(
        "butai_http2_faults_total", "HTTP/2 connections and streams ended for what the peer did",
        labelled("why", std::string(name_of(static_cast<Http2Fault>(fault)))));
  }
}

void HttpCounters::answered(int status, Micros took) {
  const auto status_class = static_cast<std::size_t>(status / 100);
  by_class[status_class < by_class.size() ? status_class : 0]->Increment();
  seconds.Observe(std::chrono::duration<double>(took).count());
}

HttpContext::HttpContext(Loop& on, const Router& routes, Guard& asked, const Clock& time,
                         AddressLimits& counted, Metrics& metrics,
                         std::shared_ptr<const PeerPolicy> policy, Deadlines allowed,
                         OpenCounts& counts, const Capacity& seats)
    : loop(on),
      router(routes),
      guard(asked),
      clock(time),
      limits(counted),
      counters(metrics, on.index()),
      peers(std::move(policy)),
      deadlines(allowed),
      open(counts),
      capacity(seats) {}

void HttpContext::add(std::shared_ptr<Connection> connection) {
  if (!connections.insert(connection.get()).second) return;
  ++(connection->apart ? open.apart : open.all);
  ++open.by_loop[loop.index()];
  counters.connections.Increment();
  const void* key = connection.get();
  loop.keep(std::shared_ptr<void>(std::move(connection), const_cast<void*>(key)));
}

void HttpContext::remove(Connection& connection) {
  if (connections.erase(&connection) == 0) return;
  --(connection.apart ? open.apart : open.all);
  --open.by_loop[loop.index()];
  counters.connections.Decrement();
  loop.release(&connection);
}

bool HttpContext::seat(Connection& connection, Room room, std::string_view channel) {
  const bool apart = capacity.stands_apart && capacity.stands_apart(channel);
  if (apart == connection.apart) return apart || room == Room::Free;
  auto& there = apart ? open.apart : open.all;
  if (there >= (apart ? capacity.apart : capacity.viewers)) return false;
  --(apart ? open.all : open.apart);
  ++there;
  connection.apart = apart;
  return true;
}

const std::string& HttpContext::date() {
  const std::int64_t second = micros_of(clock.utc()) / 1'000'000;
  if (second != date_second_) {
    date_second_ = second;
    date_ =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(static_cast<std::time_t>(second)));
  }
  return date_;
}

}  // namespace butai::net
