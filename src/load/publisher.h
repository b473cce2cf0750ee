// Sends the material in real time over /ws, on a thread and a loop of its own.
// Flow:   Material -> Publisher -> WS /ws of any server that takes it
// Thread: the public functions are called from the thread that made it.
// Limits: frames are sent when they are due, never later ones instead of late ones.
//
// What says when a frame was captured is its place in the schedule: a publisher that is late itself
// makes the figures worse, never better.
#pragma once

#include <atomic>  // read by the controller while the loop runs
#include <cstdint>
#include <memory>
#include <string>
#include <thread>  // one

#include "base/problem.h"
#include "load/material.h"
#include "net/client.h"
#include "net/loop.h"

namespace butai::load {

struct PublisherOptions {
  std::string url;  // ws(s)://HOST/ws?channel=NAME
  net::ClientOptions client;
  Workload workload;
  bool jpeg = false;
};

class Publisher {
 public:
  explicit Publisher(PublisherOptions options);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  // Blocks until the server has taken the connection, or says why it did not.
  Expected<void> start();
  void stop();
  std::uint64_t bytes() const { return sent_bytes_.load(std::memory_order_relaxed); }
  // When the newest picture was given to the socket, microseconds of steady time.
  std::int64_t newest_us() const { return newest_us_.load(std::memory_order_relaxed); }
  // Empty while it sends; else why it no longer does.
  std::string failure() const;

 private:
  class Session;

  const PublisherOptions options_;
  std::atomic<std::uint64_t> sent_bytes_{0};
  std::atomic<std::int64_t> newest_us_{0};
  std::shared_ptr<Session> session_;
  net::Loop loop_{0};
  std::thread thread_;
};

}  // namespace butai::load
