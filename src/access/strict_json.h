// JSON objects from strangers: bounded nesting, valid UTF-8, no member twice (parsers disagree on
// which of two counts, and attacks live in that gap).
// Thread: any. Limits: kJsonDepthMax; the caller bounds the size. Spec: RFC 8259, RFC 7515
// section 4.
#pragma once

#include <boost/json/fwd.hpp>
#include <expected>
#include <string_view>

namespace butai::access {

enum class JsonFault { NotAnObject, DuplicateMember };

// Callers include <boost/json/object.hpp>.
std::expected<boost::json::object, JsonFault> parse_object(std::string_view text);

}  // namespace butai::access
