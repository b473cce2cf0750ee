// Working memory of one loop, borrowed for the time of one call and never kept: reading and
// encrypting need no buffer per connection.
// Thread: the loop that owns it.
#pragma once

#include <cstdint>
#include <vector>

#include "net/limits.h"

namespace butai::net {

struct Scratch {
  std::vector<std::uint8_t> received = std::vector<std::uint8_t>(kReadBytes);  // one recv
  std::vector<std::uint8_t> plain = std::vector<std::uint8_t>(kReadBytes);     // one decrypted run
  std::vector<std::uint8_t> record =
      std::vector<std::uint8_t>(kTlsRecordBytes);  // gathered small pieces
  std::vector<std::uint8_t> cipher;                // what OpenSSL wants sent; empty between calls
};

}  // namespace butai::net
