#include "pages/negotiation.h"

#include <gtest/gtest.h>

namespace butai::pages {
namespace {

TEST(Names, a_browser_names_html) {
  EXPECT_TRUE(names("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "text/html"));
  EXPECT_TRUE(names("application/json, Text/HTML;q=0.1", "text/html"));
}

TEST(Names, a_program_that_takes_anything_does_not) {
  EXPECT_FALSE(names("*/*", "text/html"));
  EXPECT_FALSE(names("text/*", "text/html"));
  EXPECT_FALSE(names("", "text/html"));
  EXPECT_FALSE(names("text/htmlx, atext/html", "text/html"));
}

TEST(Names, weight_zero_refuses) {
  EXPECT_FALSE(names("gzip;q=0", "gzip"));
  EXPECT_FALSE(names("gzip; Q=0.000", "gzip"));
  EXPECT_TRUE(names("gzip;q=0.001", "gzip"));
}

TEST(Language, the_address_goes_before_the_cookie_before_the_browser) {
  EXPECT_EQ(language("ja", "butai_language=en", "en"), "ja");
  EXPECT_EQ(language("", "a=b; butai_language=ja", "en-US,en;q=0.9"), "ja");
  EXPECT_EQ(language("", "", "ja-JP,ja;q=0.9,en;q=0.8"), "ja");
}

TEST(Language, what_is_neither_is_passed_over) {
  EXPECT_EQ(language("fr", "butai_language=fr", "ja"), "ja");
  EXPECT_EQ(language("", "xbutai_language=ja; butai_language=", "de"), "en");
  EXPECT_EQ(language("", "", ""), "en");
}

TEST(Language, the_heavier_one_is_taken_whatever_the_order) {
  EXPECT_EQ(language("", "", "en;q=0.4, ja;q=0.45"), "ja");
  EXPECT_EQ(language("", "", "ja;q=0, en;q=0.1"), "en");
  EXPECT_EQ(language("", "", "ja;q=x, en;q=0.1"), "en");
  EXPECT_EQ(language("", "", "jam, en;q=0.1"), "en");
}

TEST(HostName, drops_the_port_and_lowers) {
  EXPECT_EQ(host_name("Live.Example.ORG:8080"), "live.example.org");
  EXPECT_EQ(host_name("live.example.org"), "live.example.org");
  EXPECT_EQ(host_name("[2001:db8::1]:8080"), "[2001:db8::1]");
}

TEST(HostName, refuses_what_would_leave_the_address) {
  EXPECT_EQ(host_name("evil/path"), "");
  EXPECT_EQ(host_name("user@evil"), "");
  EXPECT_EQ(host_name("a b"), "");
  EXPECT_EQ(host_name("[::1"), "");
}

TEST(IsLoopbackName, only_what_a_browser_takes_for_this_machine) {
  EXPECT_TRUE(is_loopback_name("localhost"));
  EXPECT_TRUE(is_loopback_name("watch.localhost"));
  EXPECT_TRUE(is_loopback_name("127.0.0.1"));
  EXPECT_TRUE(is_loopback_name("127.255.0.9"));
  EXPECT_TRUE(is_loopback_name("[::1]"));
  EXPECT_FALSE(is_loopback_name("localhost.example.org"));
  EXPECT_FALSE(is_loopback_name("127.0.0.1.example.org"));
  EXPECT_FALSE(is_loopback_name("127.0.0.256"));
  EXPECT_FALSE(is_loopback_name("10.0.0.1"));
}

}  // namespace
}  // namespace butai::pages
