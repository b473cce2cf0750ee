// Listeners, connections and the router: everything between a TCP port and a handler.
// Flow:   accept (one listener per loop, SO_REUSEPORT; handed to a loop with fewer connections)
//         -> [TLS] -> HTTP/1.1 -> Guard -> Route
// Thread: built and started by app/; each connection stays on the loop that got it.
// Limits: net/limits.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/problem.h"
#include "net/limits.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/route.h"

namespace butai::net {

// How long a peer may take; from the first byte to the last, never reset by one between.
struct Deadlines {
  Millis handshake = kHandshakeDeadline;
  Millis head = kHeadDeadline;
  Millis idle = kIdleDeadline;
  Millis body_grace = kBodyGrace;
  Millis stall = kStallDeadline;
};

struct ServerOptions {
  std::vector<std::string> trusted_proxies;  // addresses or CIDR whose X-Forwarded-* is believed
  std::string public_url;                    // https://live.example.org; empty: from the request
  // Only read at construction, from here on.
  std::size_t capacity =
      0;  // viewers beyond so many connections are told 503; 0: descriptors decide
  // Channels whose viewers do not count there, but to an eighth of it of their own. Any loop.
  std::function<bool(std::string_view channel)> stands_apart = {};
  SocketOptions sockets;
  std::size_t unproven_per_address = kUnprovenPerAddress;
  Deadlines deadlines;
};

struct ListenOptions {
  std::string host = "0.0.0.0";  // "::" listens on both families
  std::uint16_t port = 0;        // 0: chosen by the kernel
  bool tls = false;
};

// Key and certificate chain, PEM files; re-read when either file changes.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

class Server {
 public:
  Server(Loops& loops, std::vector<Route> routes, Guard& guard, const Clock& clock,
         Metrics& metrics, ServerOptions options);
  ~Server();

  // Before the first listen with tls. Fails with a sentence naming the file.
  Expected<void> use_certificate(TlsFiles files);
  // Binds on every loop; the port that was really taken. Fails with "address in use" and what to do.
  Expected<std::uint16_t> listen(const ListenOptions& options);

  // SIGHUP: new proxies and public address for requests from now on. From any thread.
  void reconfigure(const ServerOptions& options);
  // Stops accepting. Open connections go on. From any thread, returns at once.
  void stop_accepting();
  // Open connections over all loops.
  std::size_t connections() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// SHA-256 of the DER certificate as lower-case hex: what `butai publish --pin` compares.
Expected<std::string> certificate_fingerprint(const std::string& certificate_pem_file);
// Writes a self-signed ECDSA P-256 certificate for `names` (DNS names or IP addresses), 10 years.
Expected<void> make_self_signed(const TlsFiles& files, const std::vector<std::string>& names);

}  // namespace butai::net
