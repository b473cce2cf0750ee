#include "base/zone.h"

#include <gtest/gtest.h>

#include <string>

namespace butai {
namespace {

constexpr Utc at(std::int64_t seconds) { return Utc{Seconds{seconds}}; }

TEST(zone, japan_is_nine_hours_ahead_all_year) {
  EXPECT_EQ(utc_offset("Asia/Tokyo", at(1'800'000'000)), std::chrono::hours{9});
  EXPECT_EQ(utc_offset("Asia/Tokyo", at(1'815'000'000)), std::chrono::hours{9});
}

TEST(zone, clocks_change_on_the_second) {
  constexpr std::int64_t kSummerBegins = 1'806'195'600;  // 2027-03-28T01:00:00Z
  EXPECT_EQ(utc_offset("Europe/Berlin", at(kSummerBegins - 1)), std::chrono::hours{1});
  EXPECT_EQ(utc_offset("Europe/Berlin", at(kSummerBegins)), std::chrono::hours{2});
}

TEST(zone, what_is_no_zone_is_taken_for_japan) {
  for (const char* name : {"", "Nowhere/Nothing", "../../etc/passwd", "/etc/passwd"}) {
    EXPECT_EQ(utc_offset(name, at(1'800'000'000)), std::chrono::hours{9}) << name;
  }
}

TEST(zone, a_table_that_is_cut_anywhere_is_refused) {
  // Version 2 with an empty first table, then one type of UTC+1.
  std::string file = std::string("TZif2") + std::string(15 + 24, '\0');
  file += std::string("TZif2") + std::string(15, '\0');
  for (int i = 0; i < 6; ++i) {
    file += std::string(3, '\0') + (i >= 4 ? '\1' : '\0');
  }
  file += std::string("\0\0\x0e\x10\0\0", 6) + std::string(1, '\0');
  const auto whole = read_zone_table(as_bytes(file));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->front().second, 3600);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(read_zone_table(as_bytes(file.substr(0, size)))) << size;
  }
}

}  // namespace
}  // namespace butai
