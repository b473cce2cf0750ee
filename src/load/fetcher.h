// One kept-alive HTTP connection that waits for its answers: the guide of a crowd of HLS viewers.
// Thread: its owner's, which it blocks.
// Limits: kConnectMax per answer, kMessageBytesMax of a body.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/problem.h"
#include "load/link.h"
#include "load/target.h"

namespace butai::load {

struct Answer {
  int status = 0;
  std::vector<std::uint8_t> body;
  std::size_t wire_bytes = 0;  // head and body as they travelled; under TLS ciphertext
};

class Fetcher {
 public:
  Fetcher(Target target, std::string token)
      : target_(std::move(target)), token_(std::move(token)) {}
  Expected<Answer> fetch(std::string_view path);

 private:
  Expected<void> connect();
  std::uint64_t wire_count();

  const Target target_;
  const std::string token_;
  TlsClient tls_;
  std::unique_ptr<Link> link_;
  std::uint64_t plain_bytes_ = 0;
};

// What an answer's head says: its length with the empty line, status, and Content-Length.
struct AnswerHead {
  std::size_t bytes = 0;
  int status = 0;
  std::size_t body = 0;
};
// Nothing when the head is not complete; status 0 when it is no HTTP or has no Content-Length.
AnswerHead read_answer_head(std::string_view bytes);

}  // namespace butai::load
