// Time zones by their names, read from the system's own tables (tzdata): how far clocks are ahead of UTC.
//   utc_offset("Asia/Tokyo", now) == 9 h
// A zone that the system does not have is taken for Japan's, where this is used to sell.
// Thread: any; each zone is read once and kept.
// Limits: kZoneBytesMax; times after a table's last change keep its last offset.
// Spec:   RFC 8536 (TZif).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace butai {

Seconds utc_offset(std::string_view zone, Utc at);

// A table: from when (seconds since 1970) which offset holds; the first entry holds for all before.
using ZoneTable = std::vector<std::pair<std::int64_t, std::int32_t>>;
// Of a TZif file of version 2 or later.
std::optional<ZoneTable> read_zone_table(ByteView file);

}  // namespace butai
