// The pictures of events. Each is kept once, under a name that is its hash, and may so be cached for ever;
// what no event shows any more goes.
// Flow:   api/ (a picture whose header was read) -> keep_artwork(); GET /artwork/NAME -> find_artwork()
// Thread: the database's, inside one transaction.
// Limits: kArtworkBytesMax (limits.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ticketing/fault.h"
#include "ticketing/work.h"

namespace butai::ticketing {

struct ArtworkFile {
  std::string media_type;  // image/jpeg, image/png, image/webp
  std::string bytes;
};

// Of an event, instead of the one that it had; returns its address.
Outcome<std::string> keep_artwork(Work& work, std::string_view event, const ArtworkFile& file);
std::optional<ArtworkFile> find_artwork(Work& work, std::string_view name);

}  // namespace butai::ticketing
