// SHA-256 as 64 characters, for what is stored without being known, and for names that follow from others.
// Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace butai {

std::string hex_sha256(std::string_view text);

}  // namespace butai
