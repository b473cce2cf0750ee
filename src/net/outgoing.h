// Outgoing HTTPS for what the server itself asks of others: license services, key services, payments.
//   outgoing.send({.url = …, .body = …}, loop, [](Expected<OutgoingAnswer> answer) { … });
// Flow:   licenses, keys, ticketing -> here -> a service -> back to the caller's loop
// Thread: send() from any; one thread of its own drives all transfers through libcurl; `done` is
//         posted to `home`, exactly once. Must die before the executors it posts to.
// Limits: kOutgoingAtOnce (the rest is refused as busy), kOutgoingTimeout, answer_bytes_max; no
//         redirects; https, or http on loopback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/problem.h"

namespace butai::net {

struct OutgoingRequest {
  enum class Auth : std::uint8_t { None, Basic, Digest } auth = Auth::None;
  enum class Verb : std::uint8_t { Post, Get } verb = Verb::Post;
  std::string url;
  std::string body;                  // of a POST
  std::vector<std::string> headers;  // "Name: value"
  std::string user, password;        // of auth
  std::string ca_file;               // PEM; empty: the system's authorities
  std::size_t answer_bytes_max = 256 * 1024;
};

struct OutgoingAnswer {
  int status = 0;
  std::string content_type;
  std::string body;
  std::int64_t date = 0;  // the other side's clock, seconds since 1970; 0: it did not say
};

class Outgoing {
 public:
  using Done = std::move_only_function<void(Expected<OutgoingAnswer>)>;
  Outgoing();
  ~Outgoing();
  Outgoing(const Outgoing&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;

  void send(OutgoingRequest request, Executor& home, Done done);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Whether an address may be used at all; a sentence if not.
Expected<void> check_outgoing_url(const std::string& url);

}  // namespace butai::net
