// HMAC-SHA256 as 64 characters, for what providers sign. (SHA-256 is base/digest.h.)
// Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"

namespace butai::ticketing {

std::string hex_hmac_sha256(std::string_view key, std::string_view text);

}  // namespace butai::ticketing
