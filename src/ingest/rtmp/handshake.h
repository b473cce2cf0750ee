// The first 3 KiB of an RTMP connection, both ends: the plain form, and the one with digests that
// Flash players and some encoders ask for.
// Flow:   bytes from the start of a connection -> Handshake -> RtmpSession
// Thread: plain object of its session.
// Limits: 3073 bytes each way; whoever owns the connection gives it kHandshakeTime.
// Spec:   Adobe RTMP 1.0 (2012), section 5.2. The digests are not in it; they are two HMAC-SHA256
//         with well-known keys, found at one of two places.
//
// What a client sends as C2 is not compared: nothing is gained by it, and hardware encoders send what
// they like. RTMPE (C0 of 6 and more) is refused; RTMPS is there for secrecy.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"

namespace butai::ingest::rtmp {

enum class Role : std::uint8_t { Server, Client };
// Of a client's C1. A server answers in the form that it was asked in.
enum class HandshakeForm : std::uint8_t { Plain, Digest };

enum class HandshakeError : std::uint8_t { NotRtmp, Encrypted, BadDigest };
std::string_view sentence(HandshakeError error);

class Handshake {
 public:
  Handshake(Role role, Random& random, HandshakeForm form = HandshakeForm::Plain);

  void begin(std::vector<std::uint8_t>& out);  // a client, first: C0 and C1
  // Takes what it needs off the front of `bytes` and appends what is to be sent to `out`. True: done,
  // what is left in `bytes` are chunks.
  std::expected<bool, HandshakeError> take(ByteView& bytes, std::vector<std::uint8_t>& out);
  HandshakeForm form() const { return form_; }

 private:
  std::expected<void, HandshakeError> take_version(std::uint8_t version) const;
  void answer_client(ByteView c1, std::vector<std::uint8_t>& out);
  std::expected<void, HandshakeError> answer_server(ByteView s1, std::vector<std::uint8_t>& out);

  enum class Stage : std::uint8_t { Version, First, Second };
  Role role_;
  Random& random_;
  HandshakeForm form_;
  Stage stage_ = Stage::Version;
  std::vector<std::uint8_t> got_;
};

}  // namespace butai::ingest::rtmp
