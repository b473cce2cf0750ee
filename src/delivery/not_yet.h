// The answer while a channel has nothing to show: 404 that asks to come back (DESIGN section 5).
#pragma once

#include "net/http.h"

namespace butai::delivery {

inline net::Response not_yet() {
  auto response = net::Response::problem(404, "nothing is on this channel yet; try again");
  response.headers.add("Retry-After", "1");
  response.headers.add("Cache-Control", "max-age=1");  // a cache asks once for its whole crowd
  return response;
}

}  // namespace butai::delivery
