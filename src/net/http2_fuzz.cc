// Any bytes from a client, cut anywhere: the same requests are told, in the same order, and what is
// kept and queued stays within its bounds. Every whole request is answered, so that answers, resets
// and windows mix with what still comes.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "net/http2_frames.h"
#include "net/http2_session.h"
#include "net/limits.h"

namespace {

using namespace butai;
using namespace butai::net;

class Told final : public Http2User {
 public:
  void serve(Http2Session& session) { session_ = &session; }

  void on_head(StreamId id, std::expected<MessageHead, HttpError> head, BodyComing body) override {
    if (open_.contains(id)) std::abort();  // told twice
    open_[id] = 0;
    if (open_.size() > kHttp2StreamsMax) std::abort();
    if (head) check(*head);
    log += head ? "head " + head->method + " " + head->target : "refused";
    log += std::to_string(id) + "\n";
    if (body == BodyComing::No) answer(id);
  }
  void on_body(StreamId id, ByteView bytes) override {
    const auto at = open_.find(id);
    if (at == open_.end()) std::abort();
    at->second += bytes.size();
    std::size_t all = 0;
    for (const auto& [stream, size] : open_) all += size;
    if (all > kHttp2UploadWindow) std::abort();
  }
  void on_body_end(StreamId id) override {
    log += "body " + std::to_string(id) + " " + std::to_string(open_.at(id)) + "\n";
    answer(id);
  }
  void on_closed(StreamId id) override {
    if (open_.erase(id) != 1) std::abort();
  }

  std::string log;

 private:
  static void check(const MessageHead& head) {
    std::size_t bytes = head.method.size() + head.target.size();
    for (const auto& [name, value] : head.headers.all()) {
      bytes += name.size() + value.size();
      const std::string forbidden("\r\n\0", 3);
      if (name.empty() || name[0] == ':' || (name + value).find_first_of(forbidden) != name.npos) {
        std::abort();
      }
    }
    if (bytes > kHeadBytesMax || head.headers.all().size() > kHeaderCountMax + 1) std::abort();
    if (head.method.empty() || !head.headers.find("Host")) std::abort();
  }
  void answer(StreamId id) {
    open_[id] = 0;
    Headers headers;
    headers.add("Priority", "u=1");
    const Bytes body = Bytes::copy_of(std::string(static_cast<std::size_t>(id % 1000) * 100, 'x'));
    session_->answer(id, 200, headers, {body}, Http2Session::Body::Whole);
  }

  Http2Session* session_ = nullptr;
  std::map<StreamId, std::size_t> open_;
};

constexpr Steady kNow{std::chrono::hours{1}};

std::string read(ByteView input, std::size_t step) {
  Told told;
  Http2Session session(told);
  told.serve(session);
  while (!input.empty()) {
    const std::size_t count = std::min(step, input.size());
    session.receive(input.first(count), kNow);
    input = input.subspan(count);
  }
  for (std::size_t taken = 0;;) {
    std::size_t batch = 0;
    for (const Bytes& piece : session.take(1000)) batch += piece.size();
    if (batch == 0) break;
    if (batch > 1000 + 32 * 1024) std::abort();
    taken += batch;
    if (taken > 64 * 1024 * 1024) std::abort();
  }
  return told.log + std::string(name_of(session.fault()));
}

// What nghttp2 reads however it is cut: behind the client's GOAWAY it ignores all once no stream is
// open, but looks for that between two calls only.
ByteView up_to_goaway(ByteView bytes) {
  std::size_t rest = bytes.size();
  const auto read = FrameReader().read(bytes, [&](const FrameHead& frame) {
    const bool goaway = frame.type == 7;
    if (goaway) rest = frame.length;
    return !goaway;
  });
  return bytes.first(std::min(bytes.size(), read + rest));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  // The first byte says how to cut; the preface is given, or nothing would get past it.
  std::string input = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  input.append(reinterpret_cast<const char*>(bytes + 1), size - 1);
  const ByteView all = as_bytes(input);
  const std::size_t step = 1U + bytes[0] % 40U;
  const ByteView same = up_to_goaway(all);
  if (read(same, same.size()) != read(same, step)) std::abort();
  if (same.size() < all.size()) read(all, step);
  return 0;
}
