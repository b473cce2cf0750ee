// Ranges and validators, applied to finished answers so that every handler has them.
// Flow:   handler's Response -> apply_conditions -> connection
// Spec:   RFC 9110 sections 13 (If-None-Match, If-Range) and 14 (single byte ranges; a request for
//         several ranges gets the whole, as the text allows).
#pragma once

#include "net/http.h"

namespace butai::net {

// Turns a 200 to GET or HEAD into 304, 206 or 416 where the request asks for it.
void apply_conditions(const Request& request, Response& response);

// Whether apply_conditions() could change a 200 for this request: it asks for a range or has a copy.
bool has_conditions(const Request& request);

}  // namespace butai::net
