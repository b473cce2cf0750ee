#include "net/served_request.h"

#include <fmt/format.h>

#include <string>

#include "net/conditional.h"
#include "net/limits.h"
#include "net/text.h"

namespace butai::net {

namespace {

bool has_no_body(int status) { return status == 204 || status == 304 || status < 200; }

}  // namespace

void ServedRequest::admit(HttpContext& context, MessageHead& head, const Address& socket,
                          std::string_view scheme, Room room) {
  admission_ = net::admit(context, head, socket, scheme, request_);
  if (room == Room::Full && !admission_.instead && admission_.route->policy.who == Who::Viewer) {
    context.counters.refused.Increment();
    admission_.instead = full_answer();
  }
  too_large_ = head.length.value_or(0) > body_max();
  if (!too_large_) return;
  admission_.instead = Response::problem(
      413, fmt::format("the body is larger than the {} bytes that this address takes", body_max()));
}

bool ServedRequest::asks_first(const MessageHead& head) {
  const auto expects = head.headers.find("Expect");
  return expects && equal_without_case(*expects, "100-continue");
}

std::size_t ServedRequest::body_max() const {
  return admission_.route != nullptr ? admission_.route->policy.body_bytes_max : kInputBytesMax;
}

Millis ServedRequest::body_time(const HttpContext& context,
                                std::optional<std::uint64_t> expected) const {
  return context.deadlines.body_grace +
         Millis{expected.value_or(body_max()) * 1000 / kBodyBytesPerSecondMin};
}

void ServedRequest::count(HttpContext& context, int status) const {
  const auto took = std::chrono::steady_clock::now() - at_;
  context.counters.answered(status, std::chrono::duration_cast<Micros>(took));
}

void ServedRequest::add_fields(HttpContext& context, Response& response) const {
  add_policy_headers(admission_, response);
  response.headers.set("Date", context.date());
  response.headers.set("Server", "Butai");
}

void ServedRequest::complete_head(HttpContext& context, Response& response) const {
  count(context, response.status);
  add_fields(context, response);
}

void ServedRequest::complete(HttpContext& context, Response& response) {
  // A good login was no guess.
  if (admission_.route != nullptr && admission_.route->policy.rate == RateClass::Login &&
      response.status < 400) {
    context.limits.give_back(RateClass::Login, request_.peer.limit_key);
  }
  apply_conditions(request_, response);
  std::size_t size = 0;
  for (const Bytes& piece : response.body) size += piece.size();
  if (!has_no_body(response.status)) response.headers.set("Content-Length", std::to_string(size));
  complete_head(context, response);
}

bool ServedRequest::head_only(const Response& response) const {
  return has_no_body(response.status) || request_.method == Method::Head;
}

}  // namespace butai::net
