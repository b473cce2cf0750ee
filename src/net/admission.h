// Everything asked of a request before its handler: is it well formed, is there such a route, may
// this origin, not too often, may this person. One function per question, in that order.
// Flow:   MessageHead -> Request -> Admission (route, or the answer to give instead)
// Thread: one loop; changes only the rate buckets.
// Spec:   RFC 9110, RFC 9112, RFC 9113, RFC 6455; CORS and Sec-Fetch-Site of the Fetch standard.
#pragma once

#include <optional>
#include <string_view>

#include "net/address.h"
#include "net/http1_codec.h"
#include "net/http_context.h"

namespace butai::net {

struct Admission {
  const Route* route = nullptr;     // set also for refusals on a known route: its policy applies
  std::optional<Response> instead;  // the answer, if the handler must not run
  bool cors = false;
  bool malformed = false;  // close after the answer
};

// Fills `request` (all but the body) and decides. `request.principal` is set when admitted.
Admission admit(HttpContext& context, MessageHead& head, const Address& socket,
                std::string_view scheme, Request& request);

// Fields that the route's policy and the house add to every answer.
// What a viewer is told when there is no room: come back, each at another time.
Response full_answer();

void add_policy_headers(const Admission& admission, Response& response);

}  // namespace butai::net
