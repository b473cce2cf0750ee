#include "load/usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace butai::load {
namespace {

namespace fs = std::filesystem;

// Those that mean that the machine, not the server, set the figure.
constexpr std::array kCounters = {"TCPMemoryPressures", "TCPTimeouts",    "RetransSegs",
                                  "ListenDrops",        "TCPBacklogDrop", "RcvPruned"};

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

template <class Visit>
void for_each_process(Visit visit) {
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    pid_t pid = 0;
    const auto [rest, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad == std::errc{} && rest == name.data() + name.size()) visit(pid, at->path());
  }
}

double on_core_seconds(pid_t pid) {
  double sum = 0;
  std::error_code error;
  for (fs::directory_iterator at(fmt::format("/proc/{}/task", pid), error), end; at != end;
       at.increment(error)) {
    std::ifstream file(at->path() / "schedstat");
    std::uint64_t nanoseconds = 0;
    if (file >> nanoseconds) sum += static_cast<double>(nanoseconds) / 1e9;
  }
  return sum;
}

std::uint64_t status_kb(pid_t pid, std::string_view name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::string word;
  std::uint64_t value = 0;
  while (file >> word) {
    if (word == name && file >> value) return value;
  }
  return 0;
}

// Pairs of lines: names, then values, each led by the group's name.
void read_counters(const char* path, std::map<std::string, std::uint64_t>& out) {
  std::ifstream file(path);
  std::string names, values;
  while (std::getline(file, names) && std::getline(file, values)) {
    std::istringstream name_words(names), value_words(values);
    std::string name, value;
    while (name_words >> name && value_words >> value) {
      if (std::ranges::find(kCounters, name) != kCounters.end()) out[name] = std::stoull(value);
    }
  }
}

std::uint64_t tcp_pages() {
  std::ifstream file("/proc/net/sockstat");
  std::string word;
  std::uint64_t pages = 0;
  while (file >> word) {
    if (word == "TCP:") break;
  }
  while (file >> word) {
    if (word == "mem" && file >> pages) return pages;
  }
  return 0;
}

std::string listening_inode(const char* table, std::uint16_t port) {
  std::ifstream file(table);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string slot, local, remote, state, skipped, inode;
    words >> slot >> local >> remote >> state;
    for (int i = 0; i < 5; ++i) words >> skipped;
    words >> inode;
    if (state == "0A" && local.ends_with(fmt::format(":{:04X}", port))) return inode;
  }
  return {};
}

}  // namespace

pid_t find_listener(std::uint16_t port) {
  std::string inode = listening_inode("/proc/net/tcp", port);
  if (inode.empty()) inode = listening_inode("/proc/net/tcp6", port);
  if (inode.empty()) return 0;
  const std::string wanted = fmt::format("socket:[{}]", inode);
  pid_t found = 0;
  for_each_process([&](pid_t pid, const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder / "fd", error), end; !found && at != end;
         at.increment(error)) {
      if (fs::read_symlink(at->path(), error) == wanted) found = pid;
    }
  });
  return found;
}

Usage Usage::now(const std::vector<pid_t>& processes) {
  Usage usage;
  for (const pid_t pid : processes) {
    usage.cpu_seconds += on_core_seconds(pid);
    usage.resident_kb += status_kb(pid, "VmRSS:");
    usage.private_kb += status_kb(pid, "RssAnon:");
  }
  for_each_process([&](pid_t pid, const fs::path& folder) {
    if (first_line(folder / "comm").starts_with("ksoftirqd")) {
      usage.softirq_seconds += on_core_seconds(pid);
    }
  });
  std::istringstream cpu(first_line("/proc/stat"));
  std::string word;
  std::uint64_t ticks = 0;
  cpu >> word;
  for (int column = 1; column <= 8; ++column) cpu >> ticks;
  usage.steal_seconds = static_cast<double>(ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.socket_pages = tcp_pages();
  read_counters("/proc/net/netstat", usage.network);
  read_counters("/proc/net/snmp", usage.network);
  return usage;
}

}  // namespace butai::load
