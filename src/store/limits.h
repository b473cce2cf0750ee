// Bounds of what store/ accepts; each with its unit and reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::store {

// Pieces of work waiting for the database's thread. One takes about 1 ms (a synced commit), so a
// full queue is a quarter of a second; beyond that callers are told "busy" (503) at once.
inline constexpr std::size_t kDatabaseQueueMax = 256;

// How long SQLite waits for another process (butai user add) that holds the write lock.
inline constexpr Millis kDatabaseBusyTimeout{5'000};

// Secrets, certificates, key lists: nothing we read whole is larger.
inline constexpr std::size_t kSmallFileBytesMax = 1024 * 1024;

}  // namespace butai::store
