// A WebSocket that keeps what was sent and drains when the test says so.
// Thread: the test's.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "net/loop.h"
#include "net/websocket.h"

namespace butai::client::testing {

class FakeSocket final : public net::WebSocket {
 public:
  void send_text(std::string_view text) override { texts.emplace_back(text); }
  void send_binary(const std::vector<Bytes>& pieces) override {
    std::vector<std::uint8_t> joined;
    for (const Bytes& piece : pieces) {
      joined.insert(joined.end(), piece.view().begin(), piece.view().end());
    }
    binaries.emplace_back(std::move(joined));
  }
  void send_frames(std::span<const Bytes>, std::size_t) override {}  // servers only
  std::size_t unsent() const override { return unsent_bytes; }
  std::uint64_t sent_total() const override { return 0; }
  void close(std::uint16_t code, std::string_view reason) override {
    closed_with = code;
    close_reason = reason;
  }
  void pause_reading() override {}
  void resume_reading() override {}
  net::Loop& loop() override { return loop_; }

  std::vector<std::string> texts;
  std::vector<Bytes> binaries;
  std::size_t unsent_bytes = 0;
  std::uint16_t closed_with = 0;
  std::string close_reason;

 private:
  net::Loop loop_{0};
};

}  // namespace butai::client::testing
