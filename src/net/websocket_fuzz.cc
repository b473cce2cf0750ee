// Any bytes, cut in any way, give the same events and the same answer; and never a crash.
// The first byte chooses role and limits, the second the size of the pieces.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "net/websocket_session.h"

namespace {

using butai::Bytes;
using butai::ByteView;
using butai::Steady;
using namespace butai::net;

class Recorder final : public WebSocketSession::User {
 public:
  virtual ~Recorder() = default;
  void transmit(ByteView head, std::span<const Bytes> pieces) override {
    seen_.insert(seen_.end(), head.begin(), head.end());
    for (const Bytes& piece : pieces)
      seen_.insert(seen_.end(), piece.view().begin(), piece.view().end());
  }
  std::size_t unsent() const override { return 0; }
  MaskKey new_mask() override { return {1, 2, 3, 4}; }
  void on_text(std::string_view text) override {
    note("text", text);
    if (text == "close") session->close(4400, "asked", Steady{});
  }
  void on_binary(Bytes message) override { note("binary", message.text()); }
  void on_finished(std::uint16_t code, std::string_view reason) override {
    note(fmt::format("finished {}", code), reason);
  }

  WebSocketSession* session = nullptr;
  const std::vector<std::uint8_t>& seen() const { return seen_; }

 private:
  void note(std::string_view kind, std::string_view text) {
    seen_.insert(seen_.end(), kind.begin(), kind.end());
    seen_.insert(seen_.end(), text.begin(), text.end());
  }
  std::vector<std::uint8_t> seen_;  // everything in its order
};

std::vector<std::uint8_t> play(ByteView bytes, std::size_t step, WebSocketSession::Role role,
                               const WebSocketLimits& limits) {
  Recorder user;
  WebSocketSession session(role, limits, user, Steady{});
  user.session = &session;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    session.receive(bytes.subspan(at, std::min(step, bytes.size() - at)), Steady{});
  }
  return user.seen();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 3) return 0;
  WebSocketLimits limits;
  limits.message_bytes_max = (bytes[0] & 2) != 0 ? 300 : 70'000;
  limits.fragments_max = (bytes[0] & 4) != 0 ? 3 : 64;
  const auto role =
      (bytes[0] & 1) != 0 ? WebSocketSession::Role::Client : WebSocketSession::Role::Server;
  const ByteView input(bytes + 2, size - 2);
  const auto whole = play(input, input.size(), role, limits);
  if (play(input, 1U + bytes[1] % 50U, role, limits) != whole) std::abort();
  return 0;
}
