// The command line of `butai bench`.
// Thread: the main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "app/bench_orders.h"
#include "client/latency_probe.h"
#include "load/doors.h"
#include "load/fanout.h"
#include "load/hls.h"
#include "load/requests.h"

namespace butai::app {

struct LicenseBenchOptions {
  load::RequestOptions requests;
  std::vector<std::string> kids;
};

struct BenchOptions {
  client::ProbeOptions latency;
  load::FanoutOptions fanout, joins;
  load::HlsOptions hls, llhls;
  load::RequestOptions requests;
  LicenseBenchOptions licenses;
  OrderBenchOptions orders;
  load::DoorOptions doors;
};

// Adds `bench` and its subcommands; the one that is asked for sets `act`.
void add_bench(CLI::App& root, BenchOptions& options, std::function<int()>& act);

}  // namespace butai::app
