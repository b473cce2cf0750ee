// Every bound of src/keys, with its unit and its reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::keys {

inline constexpr std::size_t kMasterKeyBytes = 32;   // AES-256
inline constexpr std::size_t kMasterFileMax = 1024;  // bytes; a key in text has 64
inline constexpr std::size_t kKeysHeld = 10'000;     // in memory, newest; three per key period

}  // namespace butai::keys
