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

Seen of_protected() {
  Seen seen;
  seen.protection = "cbcs";
  seen.frames = 300;
  seen.licenses = 1;
  seen.opened = 300;
  seen.key_ids = {"00112233445566778899aabbccddeeff"};
  return seen;
}

TEST(Seen, an_open_channel_and_one_that_was_opened_lock_nobody_out) {
  EXPECT_EQ(locked_out({}), "");
  EXPECT_EQ(locked_out(of_protected()), "");
  Seen with_service = of_protected();
  with_service.opened = 0;
  with_service.keys_with_service = true;
  EXPECT_EQ(locked_out(with_service), "") << "its license is for a player's own module";
  Seen odd = of_protected();
  odd.garbled = 3;
  EXPECT_EQ(locked_out(odd), "");
}

TEST(Seen, says_why_a_channel_could_not_be_opened) {
  Seen refused = of_protected();
  refused.licenses_refused = 1;
  refused.refusals = {"no license from the server: 403 It needs the scope view:main."};
  EXPECT_THAT(locked_out(refused), HasSubstr("view:main"));
  Seen silent = of_protected();
  silent.licenses = silent.opened = 0;
  EXPECT_THAT(locked_out(silent), HasSubstr("no license was given"));
  Seen wrong = of_protected();
  wrong.garbled = 200;
  wrong.opened = 100;
  EXPECT_THAT(locked_out(wrong), HasSubstr("does not fit: 200 of 300"));
  Seen part = of_protected();
  part.locked = 7;
  EXPECT_THAT(locked_out(part), HasSubstr("7 samples"));
}

TEST(Seen, tells_keys_licenses_and_refusals) {
  Seen seen = of_protected();
  seen.license.add(Millis{8});
  seen.refusals = {"no \"license\""};
  const auto json = boost::json::parse(to_json(seen, Seconds{10})).as_object();
  EXPECT_EQ(json.at("key_ids").as_array().front().as_string(), seen.key_ids.front());
  EXPECT_EQ(json.at("refusals").as_array().front().as_string(), seen.refusals.front());
  EXPECT_EQ(json.at("opened").as_int64(), 300);
  EXPECT_NEAR(json.at("license_ms").at("max").as_double(), 8, 0.1);
  EXPECT_THAT(to_table(seen, Seconds{10}), HasSubstr("300 opened"));
  EXPECT_THAT(to_table(seen, Seconds{10}), HasSubstr(seen.key_ids.front()));
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
