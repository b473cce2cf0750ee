// Which answer goes first: the Priority field of requests and answers.
// Flow:   request's field, merged with the answer's -> Http2Session -> nghttp2's order of streams
// Spec:   RFC 9218 sections 4, 5 and 8 (the answer's word stands over the request's).
#pragma once

#include <optional>
#include <string_view>

namespace butai::net {

inline constexpr int kUrgencyDefault = 3;  // section 4.1; 0 is first, 7 last

struct Priority {
  std::optional<int> urgency;
  std::optional<bool> incremental;  // shares with others of its urgency
};

// "u=1, i". What is malformed or unknown says nothing.
Priority parse_priority(std::string_view field);
Priority merge(const Priority& request, const Priority& answer);

}  // namespace butai::net
