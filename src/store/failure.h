// Why a piece of work was not done.
// Thread: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace butai::store {

enum class Failure : std::uint8_t {
  Busy,      // the queue is full, or another process holds the database for too long
  Conflict,  // a unique or foreign key says no
  Broken,    // anything else; logged with the library's words
};
std::string_view sentence(Failure failure);

}  // namespace butai::store
