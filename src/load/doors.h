// `butai bench doors`: the rush at the door, beside those who watch already.
// Flow:   VISITORS (a file) -> DoorCrowds -> server; Publisher -> server -> probes -> Report
// Thread: the caller's; blocks it until the end.
// Limits: load/limits.h.
//
//   1. Publish; who is "there" already takes its seat and watches. A calm stretch.
//   2. The doors: kWithinShare of the others come within `within` seconds, the rest within as many again.
//   3. Until the last of them has had `playing_after` seconds: who watches then?
// Whoever kills the server meanwhile says so (`killed`): the publisher comes back too, and the server's cost,
// which is of two processes, is not told.
//
// The file has a JSON object a line. Their cookies and addresses are the caller's to make:
//   {"is": "there" | "known" | "cold" | "buyer" | "webhook", "address": "10.0.0.1", "cookie": "butai_session=…",
//    "email": …, "password": …, "ticket_type": …, "path": …, "header": …, "signature": …, "body": …}
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "load/run.h"

namespace butai::load {

struct DoorOptions {
  RunOptions run;  // watch_url: http://HOST; viewers, joins and seconds are not used
  std::string visitors;
  std::string channel = "stage";
  unsigned probe_percent = 10;                              // of those who are there
  std::uint32_t calm = 8, within = 10, playing_after = 30;  // seconds
  bool killed = false;
  std::function<std::string(const std::string& kid)> license_body;
};

// 0 when it was measured (void or not), 1 when not, 2 for options that make no sense.
int bench_doors(const DoorOptions& options);

}  // namespace butai::load
