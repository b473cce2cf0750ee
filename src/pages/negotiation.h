// What a browser asked for, decided from header values alone. Pure functions.
// Thread: any.
// Spec:   RFC 9110 clauses 12.5.1 and 12.5.3; RFC 6761 clause 6.3 (localhost).
#pragma once

#include <string>
#include <string_view>

namespace butai::pages {

// `Accept` or `Accept-Encoding` names `wanted` literally, with a weight above 0. Wildcards do not
// count: a program that sends */* is no browser.
bool names(std::string_view header, std::string_view wanted);

// A Host header's name without the port, lower case; empty when it is not a host that we would
// write into an answer.
std::string host_name(std::string_view host_header);

// localhost, *.localhost, 127.0.0.0/8, [::1]: secure contexts for a browser without TLS.
bool is_loopback_name(std::string_view host);

}  // namespace butai::pages
