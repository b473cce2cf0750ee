// Times as text, RFC 3339: 2026-12-24T09:00:00Z. Hours up to 29 are read as well, because 25:30 is how a
// programme writes half past one in the night after.
// Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace butai::ticketing {

std::string rfc3339(Utc when);  // whole seconds
std::optional<Utc> parse_rfc3339(std::string_view text);

}  // namespace butai::ticketing
