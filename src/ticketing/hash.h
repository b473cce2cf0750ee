// SHA-256 as 64 characters, for what is stored without being known: sessions, codes, the ledger's chain.
// Thread: any.
#pragma once

#include <string>
#include <string_view>

namespace butai::ticketing {

std::string hex_sha256(std::string_view text);
std::string hex_hmac_sha256(std::string_view key, std::string_view text);

}  // namespace butai::ticketing
