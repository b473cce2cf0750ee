// A request's head from any bytes: the same verdict however it is cut; an accepted path is normal
// (accepting it again changes nothing); the handshake and the proxies' fields never crash.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "net/http1_codec.h"
#include "net/peer.h"
#include "net/target.h"
#include "net/text.h"
#include "net/websocket_upgrade.h"

namespace {

using butai::ByteView;
using namespace butai::net;

struct Verdict {
  std::optional<HttpError> error;
  std::size_t taken = 0;
  std::string target;
  std::size_t fields = 0;
  friend bool operator==(const Verdict&, const Verdict&) = default;
};

Verdict read(ByteView input, std::size_t step) {
  Http1Reader reader(MessageKind::Request);
  Verdict verdict;
  for (std::size_t have = std::min(step, input.size());;) {
    const auto taken = reader.read_head(input.first(have));
    if (!taken) {
      verdict.error = taken.error();
      return verdict;
    }
    if (*taken > 0) {
      verdict.taken = *taken;
      verdict.target = reader.head().target;
      verdict.fields = reader.head().headers.all().size();
      return verdict;
    }
    if (have == input.size()) return verdict;
    have = std::min(have + step, input.size());
  }
}

void check_path(const MessageHead& head) {
  const auto target = parse_target(head.target, "localhost");
  if (!target) return;
  if (!target->path.starts_with('/') || normal_path(target->path) != target->path) std::abort();
  if (target->path.find("..") != std::string::npos &&
      target->path.find("/../") != std::string::npos) {
    std::abort();
  }
}

void check_handshake(const MessageHead& head) {
  if (!wants_websocket(head) || refuse_handshake(head)) return;
  const Headers answer = accept_handshake(head.headers, {"butai.v1"});
  if (answer.find("Sec-WebSocket-Accept")->size() != 28) std::abort();
  if (answer.find("Sec-WebSocket-Extensions")) std::abort();
}

void check_body(Http1Reader& reader, ByteView rest, std::size_t step) {
  std::string body;
  std::size_t at = 0;
  for (std::size_t have = std::min(step, rest.size()); !reader.done();) {
    const auto taken = reader.read_body(rest.subspan(at, have - at), body, 5000);
    if (!taken) return;
    at += *taken;
    if (at > have || body.size() > 5000) std::abort();
    if (have == rest.size()) return;
    have = std::min(have + step, rest.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const ByteView input(bytes + 1, size - 1);
  const Verdict whole = read(input, input.size());
  if (read(input, 1U + bytes[0] % 40U) != whole) std::abort();
  if (whole.taken == 0) return 0;

  Http1Reader reader(MessageKind::Request);
  if (!reader.read_head(input)) std::abort();
  check_path(reader.head());
  check_handshake(reader.head());
  static const auto kPolicy = *PeerPolicy::make({"127.0.0.0/8", "::/0", "10.0.0.0/9"}, "");
  kPolicy.resolve(*Address::parse("127.0.0.1"), "http", "localhost", reader.head().headers);
  check_body(reader, input.subspan(whole.taken), 1U + bytes[0]);
  return 0;
}
