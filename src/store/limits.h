// Bounds of what store/ accepts; each with its unit and reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::store {

// Pieces of work waiting for the database's thread. A group of them costs one synced commit, so even
// on a disk that takes 10 ms a full queue is under a second; beyond that callers are told "busy" (503).
inline constexpr std::size_t kDatabaseQueueMax = 4096;
// Pieces of one commit: bounds what one failing disk tells "broken" at once.
inline constexpr std::size_t kDatabaseGroupMax = 256;

// A piece that waited so long for its turn is not tried any more: pages give up at about this time, and a seat
// that is held for somebody who has left is nobody's for minutes.
inline constexpr Millis kDatabaseWaitMost{10'000};
// A group takes no further piece after so long: on a database that is far away whoever came first is not to
// wait for all who came with them, nor other nodes for its locks (kDatabaseBusyTimeout).
inline constexpr Millis kDatabaseGroupTime{1'000};
// Looks at a PostgreSQL server at the same time, each on a connection of its own. With 200 ms a round trip
// they are twenty a second; a node then has six connections, of the hundred that PostgreSQL gives by default.
inline constexpr std::size_t kDatabaseLooksAtOnce = 4;

// Statements that a connection to SQLite keeps prepared, some kilobytes each; we have some two hundred.
inline constexpr std::size_t kStatementsKept = 512;

// How long we wait for another process (butai user add, another node) that holds a lock.
inline constexpr Millis kDatabaseBusyTimeout{5'000};

// Pages of one piece of a backup: 1 MiB, some milliseconds in which a writer waits.
inline constexpr int kBackupPagesAtOnce = 256;

// Secrets, certificates, key lists: nothing we read whole is larger.
inline constexpr std::size_t kSmallFileBytesMax = 1024 * 1024;

}  // namespace butai::store
