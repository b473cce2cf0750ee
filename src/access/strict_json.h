// JSON objects from strangers: bounded nesting, valid UTF-8, no member twice (parsers disagree on
// which of two counts, and attacks live in that gap).
// Thread: any. Limits: kJsonDepthMax unless the caller allows more; the caller bounds the size.
// Spec: RFC 8259, RFC 7515 section 4.
#pragma once

#include <boost/json/fwd.hpp>
#include <expected>
#include <string_view>

#include "access/limits.h"

namespace butai::access {

enum class JsonFault { NotAnObject, DuplicateMember };

// Callers include <boost/json/object.hpp>.
std::expected<boost::json::object, JsonFault> parse_object(std::string_view text,
                                                           std::size_t depth_max = kJsonDepthMax);

}  // namespace butai::access
