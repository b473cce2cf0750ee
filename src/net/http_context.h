// What the HTTP connections of one loop share.
// Thread: one per loop; only `open` is shared by all of them, and atomic for that reason.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "net/address_limits.h"
#include "net/body_file.h"
#include "net/http2_session.h"
#include "net/loop.h"
#include "net/peer.h"
#include "net/router.h"
#include "net/server.h"
#include "net/transport.h"

namespace butai::net {

// A connection as the server sees it: something to count and to cut.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void cut() = 0;        // now; handlers hear of it
  virtual void end_if_idle() {}  // the server drains
};

struct WebSocketCounters {
  prometheus::Counter* received = nullptr;  // messages; null counts nothing
  prometheus::Counter* sent = nullptr;
};

struct Http2Counters {
  prometheus::Counter* connections = nullptr;
  // [Http2Fault]: connections and streams ended for it; None is never counted.
  std::array<prometheus::Counter*, kHttp2FaultCount> faults{};
};

// One set per loop, so that loops do not fight for cache lines.
struct HttpCounters {
  HttpCounters(Metrics& metrics, std::size_t loop_index);
  void answered(int status, Micros took);

  prometheus::Gauge& connections;
  std::array<prometheus::Counter*, 6> by_class;  // [status / 100]
  prometheus::Histogram& seconds;
  prometheus::Counter& refused;  // too many connections of one address, bad heads, late heads
  Traffic traffic;
  WebSocketCounters websocket;
  Http2Counters http2;
};

// Connections of all loops: read by each to find the emptier one, and whether there is room.
struct OpenCounts {
  explicit OpenCounts(std::size_t loops) : by_loop(loops) {}
  std::atomic<std::size_t> all{0};
  std::vector<std::atomic<std::size_t>> by_loop;  // with those on their way there
};

struct HttpContext {
  HttpContext(Loop& on, const Router& routes, Guard& asked, const Clock& time,
              AddressLimits& counted, Metrics& metrics, std::shared_ptr<const PeerPolicy> policy,
              Deadlines allowed, OpenCounts& counts, std::size_t most_viewers);

  void add(std::shared_ptr<Connection> connection);
  void remove(Connection& connection);  // it stays alive until its caller has returned
  // "Sun, 06 Nov 1994 08:49:37 GMT", made once a second.
  const std::string& date();

  Loop& loop;
  const Router& router;
  Guard& guard;
  const Clock& clock;
  AddressLimits& limits;
  HttpCounters counters;
  std::shared_ptr<const PeerPolicy> peers;
  Deadlines deadlines;
  bool draining = false;
  std::unordered_set<Connection*> connections;
  BodyFiles files;
  OpenCounts& open;
  const std::size_t capacity;  // connections; a viewer's that comes later is told 503

 private:
  std::string date_;
  std::int64_t date_second_ = -1;
};

}  // namespace butai::net
