// The RTMP and RTMPS listeners: a socket on every loop for each, and the connections that they took.
// Flow:   net::Listener -> Transport (TCP or TLS) -> RtmpConnection
// Thread: built, started and destroyed by app/; connections live on the loop that accepted them.
// Limits: net's kUnprovenPerAddress connections of one address that publish nothing.
#pragma once

#include <cstdint>
#include <memory>

#include "ingest/rtmp/rtmp_connection.h"
#include "net/loop.h"
#include "net/server.h"

namespace butai::ingest::rtmp {

class RtmpServer {
 public:
  RtmpServer(net::Loops& loops, RtmpPorts ports);
  // The loops have stopped.
  ~RtmpServer();

  // Before listening with tls: the web server's certificate.
  Expected<void> use_certificate(net::TlsFiles files);
  // Binds on every loop; the port that was really taken.
  Expected<std::uint16_t> listen(const net::ListenOptions& options);
  // From any thread, returns at once. Open connections go on.
  void stop_accepting();
  std::size_t connections() const;  // over all loops

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace butai::ingest::rtmp
