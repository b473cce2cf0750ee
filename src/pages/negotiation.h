// What a browser asked for, decided from header values alone. Pure functions.
// Thread: any.
// Spec:   RFC 9110 clauses 12.5.1, 12.5.3 and 12.5.4; RFC 6265 (Cookie); RFC 6761 clause 6.3 (localhost).
#pragma once

#include <string>
#include <string_view>

namespace butai::pages {

// `Accept` or `Accept-Encoding` names `wanted` literally, with a weight above 0. Wildcards do not
// count: a program that sends */* is no browser.
bool names(std::string_view header, std::string_view wanted);

// The site's language for a visitor, "ja" or "en": the wish of the address (?lang=), else what the
// cookie remembers, else the one that `Accept-Language` weighs more, English when it does not matter.
std::string_view language(std::string_view wish, std::string_view cookies,
                          std::string_view accept_language);

// A Host header's name without the port, lower case; empty when it is not a host that we would
// write into an answer.
std::string host_name(std::string_view host_header);

// localhost, *.localhost, 127.0.0.0/8, [::1]: secure contexts for a browser without TLS.
bool is_loopback_name(std::string_view host);

}  // namespace butai::pages
