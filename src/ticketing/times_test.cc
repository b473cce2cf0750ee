#include "ticketing/times.h"

#include <gtest/gtest.h>

namespace butai::ticketing {
namespace {

std::string read(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? rfc3339(*time) : "no";
}

TEST(Times, are_read_with_their_zone_and_told_in_utc) {
  EXPECT_EQ(read("2026-12-24T09:00:00Z"), "2026-12-24T09:00:00Z");
  EXPECT_EQ(read("2026-12-24T18:00+09:00"), "2026-12-24T09:00:00Z");
  EXPECT_EQ(read("2026-12-24T09:00:00.250Z"), "2026-12-24T09:00:00Z");
}

TEST(Times, half_past_twenty_five_is_in_the_night_after) {
  EXPECT_EQ(read("2026-12-31T25:30:00+09:00"), "2026-12-31T16:30:00Z");
}

TEST(Times, what_is_no_time_is_refused) {
  for (const char* text : {"", "2026-12-24", "2026-12-24T09:00:00", "2026-02-30T09:00:00Z",
                           "2026-12-24T30:00:00Z", "2026-12-24T09:60:00Z", "2026-12-24T09:00:00+9",
                           "2026-12-24T09:00:00.Z", "-026-12-24T09:00Z"}) {
    EXPECT_EQ(read(text), "no") << text;
  }
}

}  // namespace
}  // namespace butai::ticketing
