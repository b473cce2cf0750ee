// HTTP/1.1 messages from bytes and back, without sockets. Stricter than the parser underneath
// (Beast): what two servers could read differently is refused, never repaired.
// Flow:   socket bytes -> Http1Reader -> head, body; Response -> write_head -> socket
// Thread: a plain object of its connection.
// Limits: net/limits.h (32 KiB head, 100 fields); body bytes as the caller says.
// Spec:   RFC 9112; refusals of sections 2.2 (bare LF), 5.2 (folding), 6.1 and 6.3 (lengths).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "net/http.h"

namespace butai::net {

enum class HttpError : std::uint8_t {
  BareLineFeed,
  FoldedField,
  ControlByte,
  TooManyFields,
  HeadTooLarge,
  BadSyntax,
  BadVersion,
  AmbiguousLength,
  UnknownCoding,
  BadChunk,
  BodyTooLarge,
};
std::string_view sentence_of(HttpError error);
int status_of(HttpError error);  // 400, 413, 431, 501, 505

enum class MessageKind : std::uint8_t { Request, Answer };

// Reads one message: read_head until it returns non-zero, then read_body until done().
class Http1Reader {
 public:
  explicit Http1Reader(MessageKind kind);
  ~Http1Reader();

  // Bytes of `input` that the head took; 0: more is needed (offer the same bytes and more again).
  std::expected<std::size_t, HttpError> read_head(ByteView input);
  MessageHead& head();  // its fields may be taken
  void restart();       // for the next message of the same connection
  // An answer to HEAD has no body, whatever its head says.
  void expect_no_body();
  // Bytes of `input` taken; appends what they carry to `body`, at most `body_max` in all.
  std::expected<std::size_t, HttpError> read_body(ByteView input, std::string& body,
                                                  std::size_t body_max);
  // The peer closed: true when that ends the message properly.
  bool ends_here();
  bool done() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Finds the end of a head in bytes that come piece by piece, refusing what section 2.2 and 5.2 do.
class HeadScan {
 public:
  // Bytes of the head including its empty line; 0: more is needed. Remembers what it has seen.
  std::expected<std::size_t, HttpError> find_end(ByteView input);

 private:
  std::size_t seen_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
};

// "HTTP/1.1 200 OK\r\n" and the fields, up to and with the empty line.
std::string write_head(int status, const Headers& headers);

}  // namespace butai::net
