#include "ticketing/work.h"

#include <array>

#include "access/mac.h"

namespace butai::ticketing {

std::string Work::new_id(std::string_view prefix) {
  std::array<std::uint8_t, 16> bytes;
  random.fill(bytes);
  return std::string(prefix) + access::base64url(bytes);
}

std::int64_t Work::next_change() { return store::next_change(sql); }

}  // namespace butai::ticketing
