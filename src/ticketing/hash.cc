#include "ticketing/hash.h"

#include "access/mac.h"
#include "net/text.h"

namespace butai::ticketing {

std::string hex_hmac_sha256(std::string_view key, std::string_view text) {
  return net::hex(access::hmac_sha256(as_bytes(key), as_bytes(text)));
}

}  // namespace butai::ticketing
