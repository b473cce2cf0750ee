#include "ticketing/payments/store_deadline.h"

#include <gtest/gtest.h>

#include "ticketing/times.h"

namespace butai::ticketing {
namespace {

Utc at(std::string_view text) { return *parse_rfc3339(text); }

TEST(store_deadline, is_the_end_of_the_third_day_in_the_events_zone) {
  const Utc far = at("2027-12-31T00:00:00Z");
  // Half past midnight on the 11th in Tokyo, still the 10th in UTC.
  EXPECT_EQ(store_deadline("Asia/Tokyo", far, far, at("2027-06-10T15:30:00Z")),
            at("2027-06-14T23:59:59+09:00"));
  EXPECT_EQ(store_deadline("UTC", far, far, at("2027-06-10T15:30:00Z")),
            at("2027-06-13T23:59:59Z"));
  // The clocks of Berlin are put forward in between.
  EXPECT_EQ(store_deadline("Europe/Berlin", far, far, at("2027-03-26T12:00:00Z")),
            at("2027-03-29T23:59:59+02:00"));
}

TEST(store_deadline, is_never_after_the_sale_or_within_an_hour_of_the_doors) {
  const Utc now = at("2027-06-10T00:00:00Z");
  const Utc far = at("2027-12-31T00:00:00Z");
  EXPECT_EQ(store_deadline("Asia/Tokyo", now + std::chrono::hours{5}, far, now),
            now + std::chrono::hours{5});
  EXPECT_EQ(store_deadline("Asia/Tokyo", far, now + std::chrono::hours{8}, now),
            now + std::chrono::hours{7});
}

TEST(store_deadline, with_less_than_three_hours_left_there_is_none) {
  const Utc now = at("2027-06-10T00:00:00Z");
  const Utc far = at("2027-12-31T00:00:00Z");
  EXPECT_TRUE(store_deadline("Asia/Tokyo", far, now + std::chrono::hours{4}, now));
  EXPECT_FALSE(store_deadline("Asia/Tokyo", far, now + std::chrono::hours{4} - Seconds{1}, now));
  EXPECT_FALSE(store_deadline("Asia/Tokyo", now + std::chrono::hours{2}, far, now));
  EXPECT_FALSE(store_deadline("Asia/Tokyo", far, now - std::chrono::hours{1}, now));
}

}  // namespace
}  // namespace butai::ticketing
