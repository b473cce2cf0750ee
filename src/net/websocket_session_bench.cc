// What taking a publisher's messages in costs: heads judged, payload unmasked and kept, beside copying
// the same bytes once. The figure that counts is the ratio.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "net/websocket_session.h"

namespace butai::net {
namespace {

constexpr std::size_t kMessages = 64;

class Sink final : public WebSocketSession::User {
 public:
  void transmit(ByteView, std::span<const Bytes>) override {}
  std::size_t unsent() const override { return 0; }
  MaskKey new_mask() override { return {}; }
  void on_text(std::string_view) override {}
  void on_binary(Bytes message) override { taken += message.size(); }
  void on_finished(std::uint16_t, std::string_view) override {}

  std::size_t taken = 0;
};

// Masked messages one behind the other, as a client sends them.
std::vector<std::uint8_t> messages(std::size_t size) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < kMessages; ++i) {
    const FrameHead head = frame_head(Opcode::Binary, size, MaskKey{1, 2, 3, 4});
    out.insert(out.end(), head.view().begin(), head.view().end());
    out.insert(out.end(), size, static_cast<std::uint8_t>(i));
  }
  return out;
}

void copy_once(benchmark::State& state) {
  const std::vector<std::uint8_t> input = messages(static_cast<std::size_t>(state.range(0)));
  for (auto step : state) {
    // As a reader does it: a buffer of its own for each message.
    for (std::size_t at = 0; at < input.size(); at += input.size() / kMessages) {
      const std::vector<std::uint8_t> copy(
          input.begin() + static_cast<std::ptrdiff_t>(at),
          input.begin() + static_cast<std::ptrdiff_t>(at + input.size() / kMessages));
      benchmark::DoNotOptimize(copy.data());
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(copy_once)->Arg(12'500)->Arg(80'000);

void take_in(benchmark::State& state) {
  const std::vector<std::uint8_t> input = messages(static_cast<std::size_t>(state.range(0)));
  constexpr std::size_t kPiece = 64 * 1024;  // of one read
  Sink sink;
  WebSocketLimits limits;
  limits.message_bytes_max = 4 << 20;
  for (auto step : state) {
    WebSocketSession session(WebSocketSession::Role::Server, limits, sink, {});
    for (ByteView left = input; !left.empty();) {
      session.receive(left.first(std::min(kPiece, left.size())), {});
      left = left.subspan(std::min(kPiece, left.size()));
    }
  }
  if (sink.taken == 0) state.SkipWithError("nothing was taken in");
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(input.size()));
}
BENCHMARK(take_in)->Arg(12'500)->Arg(80'000);

}  // namespace
}  // namespace butai::net
