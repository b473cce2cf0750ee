// Small rules of HTTP's grammar: ASCII case, lists, hex, base64.
// Spec: RFC 9110 section 5.6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace butai::net {

char lower(char c);  // ASCII only
bool equal_without_case(std::string_view a, std::string_view b);
std::string_view trimmed(std::string_view text);  // without spaces and tabs around
// "a, b,,c" -> a b c; whitespace trimmed, empty members left out. Quoted strings are not parsed.
std::vector<std::string_view> list_members(std::string_view list, char separator = ',');
bool list_has(std::string_view list, std::string_view member);  // without case

// Decimal digits only, no sign, no overflow.
std::optional<std::uint64_t> number_of(std::string_view digits);
std::string hex(ByteView bytes);  // lower case
std::string base64(ByteView bytes);
// Strict: padded, no other characters.
std::optional<std::vector<std::uint8_t>> base64_decoded(std::string_view text);
// RFC 3986 section 2.3: all but letters, digits and -._~ as %XX; good in a form and in a query.
std::string percent_encoded(std::string_view text);
// The inside of a JSON string; invalid UTF-8 is replaced by '?'.
std::string json_escaped(std::string_view text);

}  // namespace butai::net
