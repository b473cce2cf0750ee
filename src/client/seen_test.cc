#include "client/seen.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace butai::client {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Seen, json_is_one_object_that_scripts_can_read) {
  Seen seen;
  seen.frames = 300;
  seen.bytes = 1'250'000;
  seen.first_frame = Micros{12'345};
  seen.connect = Micros{2'000};
  seen.codecs = {"avc1.64001f", "mp4a.40.2"};
  for (int i = 1; i <= 100; ++i) seen.latency.add(Millis{i});
  const auto json = boost::json::parse(to_json(seen, Seconds{10})).as_object();
  EXPECT_EQ(json.at("frames").as_int64(), 300);
  EXPECT_DOUBLE_EQ(json.at("frames_per_second").as_double(), 30);
  EXPECT_DOUBLE_EQ(json.at("kbit_per_second").as_double(), 1000);
  EXPECT_DOUBLE_EQ(json.at("first_frame_ms").as_double(), 12.345);
  EXPECT_NEAR(json.at("latency_ms").at("p50").as_double(), 50, 1);
  EXPECT_EQ(json.at("codecs").as_array().size(), 2u);
}

TEST(Seen, what_never_came_is_null_and_words_of_the_server_are_escaped) {
  Seen seen;
  seen.protection = "\"},\n";
  const auto json = boost::json::parse(to_json(seen, Micros{0})).as_object();
  EXPECT_TRUE(json.at("first_frame_ms").is_null());
  EXPECT_TRUE(json.at("connect_ms").is_null());
  EXPECT_EQ(json.at("protection").as_string(), seen.protection);
}

TEST(Seen, the_table_says_when_the_latency_is_not_known) {
  Seen seen;
  EXPECT_THAT(to_table(seen, Seconds{1}), HasSubstr("sends no capture time"));
  seen.latency.add(Millis{5});
  EXPECT_THAT(to_table(seen, Seconds{1}), HasSubstr("p50 5.0 ms"));
  EXPECT_THAT(to_table(seen, Seconds{1}), Not(HasSubstr("unreadable")));
}

}  // namespace
}  // namespace butai::client
