// Round trips of one JPEG at a time against a server that sends back what it gets: ours with
// ?echo=1, or the seed's.
// Flow:   Recording (one picture) -> net::WebSocket -> server -> back -> LatencyFigures
// Thread: one loop.
// Limits: one message under way; after kEchoTimeout it counts as lost and the next one goes.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/latency_figures.h"
#include "client/latency_probe.h"
#include "client/probe_report.h"
#include "client/recording.h"
#include "client/token_source.h"
#include "net/loop.h"
#include "net/websocket.h"

namespace butai::client {

class EchoProbe {
 public:
  EchoProbe(net::Loop& loop, const Clock& clock, ProbeOptions options, ProbeReport& report);
  ~EchoProbe();
  void start();

 private:
  class Session;
  void connect();

  net::Loop& loop_;
  const Clock& clock_;
  const ProbeOptions options_;
  ProbeReport& report_;
  const TokenSource token_;
  std::unique_ptr<Recording> recording_;
  std::shared_ptr<Session> session_;
};

}  // namespace butai::client
