// A Line with the real butai-worker, and its loop, run by the test's thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "net/loop.h"
#include "worker/testing/line_recorder.h"

namespace butai::worker::testing {

// The system's clock, or one that is ahead of it.
struct ShiftedClock final : Clock {
  Utc utc() const override { return system.utc() + ahead; }
  Steady steady() const override { return system.steady() + ahead; }
  SystemClock system;
  Micros ahead{0};
};

class LineTest : public ::testing::Test {
 protected:
  void open(Job job, Capture capture = {}, Encoding encoding = {}) {
    LineOptions options;
    options.executable = worker_executable();
    options.job = job;
    options.encoding = encoding;
    options.capture = std::move(capture);
    options.label = "test/a";
    line = std::make_unique<Line>(loop, clock, std::move(options), told);
  }

  // Turns the loop until it is so; false after `limit`.
  bool until(const std::function<bool()>& so, Millis limit = Millis{20'000}) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!so() && std::chrono::steady_clock::now() < end) {
      loop.context().run_one_for(Millis{20});
    }
    return so();
  }

  // In pieces of `piece` bytes, as a publisher would, obeying back-pressure.
  void send(const Bytes& bytes, std::size_t piece = 8'000) {
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      const Bytes part = bytes.slice(at, std::min(piece, bytes.size() - at));
      while (!line->write(part)) {
        told.writable = false;
        ASSERT_TRUE(until([&] { return told.writable; }));
      }
    }
  }

  net::Loop loop{0};
  ShiftedClock clock;
  Recorder told;
  std::unique_ptr<Line> line;
};

}  // namespace butai::worker::testing
