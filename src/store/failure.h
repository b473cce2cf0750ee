// Why a piece of work was not done.
// Thread: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace butai::store {

enum class Failure : std::uint8_t {
  Busy,      // the queue is full, or another process holds the database for too long
  Conflict,  // a unique or foreign key says no
  Undone,    // the work itself said so, by throwing Undo
  Broken,    // anything else; logged with the library's words
};
// Thrown by work that does not want to have happened; it tells why by other means.
struct Undo {};

std::string_view sentence(Failure failure);

}  // namespace butai::store
