#include "base/random.h"

#include <sodium.h>

namespace butai {

std::uint64_t Random::number(std::uint64_t below) {
  // Values from the last, incomplete run of `below` would favour small results.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % below;
  std::uint64_t value = 0;
  do {
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
  } while (value >= limit);
  return value % below;
}

void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace butai
