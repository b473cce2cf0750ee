// Whatever a broken child sends: nothing is read past its end, and what is understood survives a
// round trip.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "worker/message_codec.h"

namespace {

using namespace butai;
using namespace butai::worker;

Bytes payload_of(const Wire& wire) {
  std::vector<std::uint8_t> all(wire.head.begin() + 5, wire.head.end());
  all.insert(all.end(), wire.body.view().begin(), wire.body.view().end());
  return Bytes(std::move(all));
}

void require(bool so) {
  if (!so) std::abort();
}

void round_trip(const Message& message) {
  const Bytes& payload = message.payload;
  const auto same = [&](auto decoded) {
    if (decoded) require(payload_of(encode(*decoded)).text() == payload.text());
  };
  switch (message.type) {
    case MessageType::Configure:
      same(decode_configuration(payload));
      break;
    case MessageType::Open:
      same(decode_container(payload));
      break;
    case MessageType::Input:
      same(decode_input(payload));
      break;
    case MessageType::Anchor:
      same(decode_anchor(payload));
      break;
    case MessageType::Tracks:
      same(decode_tracks(payload));
      break;
    case MessageType::Frame:
      same(decode_frame(payload));
      break;
    case MessageType::Picture:
      same(decode_picture(payload));
      break;
    case MessageType::Loudness:
      same(decode_loudness(payload));
      break;
    default:
      (void)decode_text(payload);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  MessageReader reader;
  for (std::size_t at = 0; at < size;) {
    const auto space = reader.space();
    const std::size_t count = std::min({space.size(), size - at, std::size_t{1} + bytes[at]});
    std::copy_n(bytes + at, count, space.begin());
    reader.filled(count);
    at += count;
    for (;;) {
      const auto message = reader.next();
      if (!message) return 0;
      if (!*message) break;
      round_trip(**message);
    }
  }
  return 0;
}
