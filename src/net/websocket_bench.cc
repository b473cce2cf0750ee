// What a publisher's bytes cost on their way through the WebSocket session, beside a plain copy.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "net/limits.h"
#include "net/websocket_codec.h"
#include "net/websocket_session.h"

namespace butai::net {
namespace {

constexpr MaskKey kMask{0x12, 0x34, 0x56, 0x78};

class Publisher final : public WebSocketSession::User {
 public:
  void transmit(ByteView, std::span<const Bytes>) override {}
  std::size_t unsent() const override { return 0; }
  MaskKey new_mask() override { return kMask; }
  void on_text(std::string_view) override {}
  void on_binary(Bytes message) override { benchmark::DoNotOptimize(message.data()); }
  void on_finished(std::uint16_t, std::string_view) override {}
};

// One masked message of `size` bytes, as it comes from the kernel: kReadBytes at a time.
void session(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const FrameHead head = frame_head(Opcode::Binary, size, kMask);
  std::vector<std::uint8_t> frame(head.view().begin(), head.view().end());
  frame.resize(frame.size() + size, 0x5A);
  Publisher publisher;
  WebSocketLimits limits;
  limits.message_bytes_max = size;
  WebSocketSession session(WebSocketSession::Role::Server, limits, publisher, Steady{});
  std::vector<std::uint8_t> received(kReadBytes);
  for (auto _ : state) {
    for (std::size_t at = 0; at < frame.size(); at += kReadBytes) {
      const ByteView piece = ByteView(frame).subspan(at, std::min(kReadBytes, frame.size() - at));
      std::memcpy(received.data(), piece.data(), piece.size());  // the kernel's part
      session.receive({received.data(), piece.size()}, Steady{});
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
}

// The same bytes by the same way, only copied.
void memcpy_of_the_same(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::uint8_t> frame(size, 0x5A), received(kReadBytes);
  for (auto _ : state) {
    std::vector<std::uint8_t> message;
    message.reserve(size);
    for (std::size_t at = 0; at < size; at += kReadBytes) {
      const std::size_t count = std::min(kReadBytes, size - at);
      std::memcpy(received.data(), frame.data() + at, count);
      message.insert(message.end(), received.data(), received.data() + count);
    }
    benchmark::DoNotOptimize(message.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * size));
}

void unmask(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)), 0x5A);
  for (auto _ : state) {
    apply_mask(bytes, kMask, 1);
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}

BENCHMARK(session)->Arg(12'500)->Arg(80'000)->Arg(1'000'000);
BENCHMARK(memcpy_of_the_same)->Arg(12'500)->Arg(80'000)->Arg(1'000'000);
BENCHMARK(unmask)->Arg(12'500)->Arg(65'536);

}  // namespace
}  // namespace butai::net
