// Whether a file will be there tomorrow: a container's own disk and memory go with the container, and
// network shares do not keep what SQLite's locks and syncs promise.
//   live_money_may_live_at()   the question that `serve` asks before it takes real money
// Flow:   app/ at start -> here -> statfs(2)
// Thread: any that may block; never a loop.
// Spec:   linux/magic.h (numbers of file systems).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/problem.h"
#include "store/database.h"

namespace butai::store {

// The number of the file system that a path is on; nothing: it cannot be asked.
using FileSystemOf = std::function<std::optional<std::uint64_t>(const std::string& path)>;
FileSystemOf file_system_of_this_machine();

// The name of a file system that forgets or does not lock; empty: an ordinary disk.
std::string_view unfit_for_money(std::uint64_t file_system);

// Refuses when real money would be kept in a file on an unfit file system. `live_keys`: the payment
// provider is configured with keys that move real money.
enum class Money : std::uint8_t { Test, Live };
Expected<void> live_money_may_live_at(
    const DatabaseOptions& database, Money money,
    const FileSystemOf& file_system_of = file_system_of_this_machine());

}  // namespace butai::store
