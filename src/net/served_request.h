// One request from its head to its answer: what both versions of HTTP do in the same way.
// Flow:   MessageHead -> admit -> (the connection reads the body) -> handler -> complete -> the wire
// Thread: one loop.
// Limits: the route's body_bytes_max; kInputBytesMax where there is no route.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "net/admission.h"
#include "net/http.h"
#include "net/http_context.h"

namespace butai::net {

// Whether the server had room for another viewer when the connection came.
enum class Room : std::uint8_t { Free, Full };

class ServedRequest {
 public:
  ServedRequest() : at_(std::chrono::steady_clock::now()) {}

  // Decides; viewers are sent away when there is no room; with a body that says it is too large, `admission().instead` is the 413.
  void admit(HttpContext& context, MessageHead& head, const Address& socket,
             std::string_view scheme, Room room);
  // The client waits for a word before it sends the body.
  static bool asks_first(const MessageHead& head);
  bool too_large() const { return too_large_; }
  std::size_t body_max() const;
  // How long the body may take: `expected` bytes, or as many as may come.
  Millis body_time(const HttpContext& context, std::optional<std::uint64_t> expected) const;

  // The whole answer: ranges, validators, length and the house's fields; counted.
  void complete(HttpContext& context, Response& response);
  // The same for an answer of which only the head is known: no ranges, no length.
  void complete_head(HttpContext& context, Response& response) const;
  // What both are made of, for an answer whose head is ready.
  void count(HttpContext& context, int status) const;
  void add_fields(HttpContext& context, Response& response) const;
  // The answer is its head alone: to HEAD, 204, 304.
  bool head_only(const Response& response) const;

  Request& request() { return request_; }
  const Request& request() const { return request_; }
  Admission& admission() { return admission_; }
  const Route* route() const { return admission_.route; }

 private:
  Request request_;
  Admission admission_;
  Steady at_;
  bool too_large_ = false;
};

}  // namespace butai::net
