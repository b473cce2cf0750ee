// What a run costs: the server's processor time and memory, and what the machine says beside it.
// Thread: plain functions and values, any.
// Spec:   proc(5): /proc/PID/task/TID/schedstat (nanoseconds on a core), status, net/netstat.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace butai::load {

// The process that listens at this port of this machine; 0: none that this user may see.
pid_t find_listener(std::uint16_t port);

struct Usage {
  double cpu_seconds = 0;      // of the processes, all threads, without their children
  double softirq_seconds = 0;  // of ksoftirqd: network work that nobody else is billed for
  double steal_seconds = 0;    // of all cores
  std::uint64_t resident_kb = 0, private_kb = 0;  // VmRSS; RssAnon
  std::uint64_t socket_pages = 0;                 // TCP memory of the machine
  std::map<std::string, std::uint64_t> network;   // counters that should not move

  static Usage now(const std::vector<pid_t>& processes);
};

}  // namespace butai::load
