// The pure parts: addresses, proxies, targets, URLs, routes, rates, priorities, text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "net/address.h"
#include "net/address_limits.h"
#include "net/limits.h"
#include "net/peer.h"
#include "net/priority.h"
#include "net/router.h"
#include "net/target.h"
#include "net/text.h"
#include "net/url.h"

namespace butai::net {
namespace {

using ::testing::HasSubstr;

TEST(Address, is_read_and_written) {
  EXPECT_EQ(Address::parse("192.0.2.7")->text(), "192.0.2.7");
  EXPECT_EQ(Address::parse("::ffff:192.0.2.7")->text(), "192.0.2.7") << "mapped addresses are IPv4";
  EXPECT_EQ(Address::parse("2001:DB8:0:0:0:0:0:1")->text(), "2001:db8::1");
  for (const char* bad :
       {"", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "[::1]", "::1%lo", "1.2.3.4:5"}) {
    EXPECT_FALSE(Address::parse(bad)) << bad;
  }
}

TEST(Address, counts_ipv6_by_network) {
  EXPECT_EQ(Address::parse("192.0.2.7")->limit_key(), "192.0.2.7");
  EXPECT_EQ(Address::parse("2001:db8:1:2:3:4:5:6")->limit_key(), "2001:db8:1:2::/64");
  EXPECT_EQ(Address::parse("2001:db8:1:2::1")->limit_key(),
            Address::parse("2001:db8:1:2:ffff::9")->limit_key());
}

TEST(Address, ranges_hold_what_they_say) {
  const auto has = [](std::string_view range, std::string_view address) {
    return AddressRange::parse(range)->has(*Address::parse(address));
  };
  EXPECT_TRUE(has("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(has("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(has("192.168.4.0/22", "192.168.7.255"));
  EXPECT_FALSE(has("192.168.4.0/22", "192.168.8.0"));
  EXPECT_TRUE(has("0.0.0.0/0", "203.0.113.1"));
  EXPECT_FALSE(has("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(has("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(has("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(has("::1", "::1"));
  for (const char* bad : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8"}) {
    EXPECT_FALSE(AddressRange::parse(bad)) << bad;
  }
}

struct Claim {
  std::string name;
  std::string socket;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string address;
  std::string origin;
};

TEST(PeerPolicy, takes_the_right_most_hop_that_is_no_proxy) {
  const auto policy = *PeerPolicy::make({"10.0.0.0/8", "fd00::/8"}, "");
  const std::vector<Claim> claims = {
      {"a viewer", "203.0.113.1", {}, "203.0.113.1", "http://here"},
      {"a forger",
       "203.0.113.1",
       {{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-Proto", "https"}},
       "203.0.113.1",
       "http://here"},
      {"one proxy",
       "10.0.0.1",
       {{"X-Forwarded-For", "198.51.100.9"}},
       "198.51.100.9",
       "http://here"},
      {"a forger behind a proxy",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.1.1.1, 198.51.100.9"}},
       "198.51.100.9",
       "http://here"},
      {"two proxies",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.1.1.1, 198.51.100.9, 10.2.0.1"}},
       "198.51.100.9",
       "http://here"},
      {"two fields",
       "10.0.0.1",
       {{"X-Forwarded-For", "1.1.1.1"}, {"X-Forwarded-For", "198.51.100.9"}},
       "198.51.100.9",
       "http://here"},
      {"with a port",
       "10.0.0.1",
       {{"X-Forwarded-For", "198.51.100.9:4711"}},
       "198.51.100.9",
       "http://here"},
      {"IPv6 with a port",
       "fd00::1",
       {{"X-Forwarded-For", "[2001:db8::9]:4711"}},
       "2001:db8::9",
       "http://here"},
      {"nonsense", "10.0.0.1", {{"X-Forwarded-For", "unknown"}}, "10.0.0.1", "http://here"},
      {"scheme and host",
       "10.0.0.1",
       {{"X-Forwarded-For", "198.51.100.9"},
        {"X-Forwarded-Proto", "https"},
        {"X-Forwarded-Host", "live.example"}},
       "198.51.100.9",
       "https://live.example"},
      {"a bad host",
       "10.0.0.1",
       {{"X-Forwarded-For", "198.51.100.9"}, {"X-Forwarded-Host", "a/b"}},
       "198.51.100.9",
       "http://here"},
      {"Forwarded",
       "10.0.0.1",
       {{"Forwarded", "for=1.1.1.1, for=\"[2001:db8::9]:1\";proto=https;host=live.example"}},
       "2001:db8::9",
       "https://live.example"},
      {"a forged Forwarded",
       "10.0.0.1",
       {{"Forwarded", "for=1.1.1.1"}, {"X-Forwarded-For", "198.51.100.9"}},
       "198.51.100.9",
       "http://here"},
  };
  for (const Claim& claim : claims) {
    SCOPED_TRACE(claim.name);
    Headers headers;
    for (const auto& [name, value] : claim.fields) headers.add(name, value);
    const Peer peer = policy.resolve(*Address::parse(claim.socket), "http", "here", headers);
    EXPECT_EQ(peer.address, claim.address);
    EXPECT_EQ(peer.origin, claim.origin);
    EXPECT_EQ(peer.secure, claim.origin.starts_with("https"));
  }
}

TEST(PeerPolicy, knows_who_is_really_on_this_machine) {
  const auto direct = *PeerPolicy::make({}, "https://live.example/");
  const auto local = *Address::parse("127.0.0.1");
  EXPECT_TRUE(direct.resolve(local, "http", "localhost", {}).loopback);
  Headers claimed;
  claimed.add("X-Forwarded-For", "203.0.113.1");
  EXPECT_FALSE(direct.resolve(local, "http", "localhost", claimed).loopback)
      << "a proxy nobody told us of";
  EXPECT_EQ(direct.resolve(local, "http", "localhost", {}).origin, "https://live.example");
  Headers forged;
  forged.add("X-Forwarded-For", "127.0.0.1");
  EXPECT_FALSE(direct.resolve(*Address::parse("203.0.113.1"), "http", "x", forged).loopback);
}

TEST(PeerPolicy, names_the_entry_that_is_wrong) {
  EXPECT_THAT(PeerPolicy::make({"10.0.0.1", "proxy.local"}, "").error().sentence,
              HasSubstr("\"proxy.local\""));
}

TEST(Target, is_split_and_decoded_once) {
  const auto target = parse_target("/live/%E8%88%9E/a+b?x=1&y=a%26b+c&z&=e&x=2", "h");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/live/舞/a+b");
  const std::vector<std::pair<std::string, std::string>> query = {
      {"x", "1"}, {"y", "a&b c"}, {"z", ""}, {"", "e"}, {"x", "2"}};
  EXPECT_EQ(target->query, query);
  EXPECT_FALSE(parse_target("/?a=%00", "h"));
  EXPECT_FALSE(parse_target("/?a=%c0%af", "h"));
  EXPECT_FALSE(parse_target("live", "h"));
}

TEST(Target, gives_the_token_of_the_path) {
  const auto target = parse_target("/t/aa.bb-cc_d/live/main/index.m3u8?q=1", "h");
  EXPECT_EQ(target->path, "/live/main/index.m3u8");
  EXPECT_EQ(target->path_token, "aa.bb-cc_d");
  EXPECT_EQ(parse_target("/t/alone", "h")->path_token, "");
  EXPECT_EQ(parse_target("/token", "h")->path, "/token");
}

TEST(Target, form_keeps_spaces_of_a_password) {
  const auto form = parse_form("username=a&password=+p%20w+");
  EXPECT_EQ((*form)[1].second, " p w ");
}

TEST(Target, hosts_are_checked) {
  for (const char* good : {"localhost", "a.example:8080", "127.0.0.1", "[::1]", "[2001:db8::1]:443",
                           "a_b.example", "x:"}) {
    EXPECT_EQ(is_host(good), std::string_view(good) != "x:") << good;
  }
  for (const char* bad : {"", ":80", "a b", "a/b", "u@h", "a:99999", "a:-1", "[::1", "[]", "[::1]x",
                          "a\"b", "a:8x"}) {
    EXPECT_FALSE(is_host(bad)) << bad;
  }
}

TEST(Url, of_a_client_is_read) {
  const auto url = Url::parse("WSS://Live.example:8443/ws?channel=main#x");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->secure());
  EXPECT_EQ(url->host, "Live.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/ws?channel=main");
  EXPECT_EQ(url->authority(), "Live.example:8443");
  EXPECT_EQ(Url::parse("https://[::1]")->authority(), "[::1]");
  EXPECT_EQ(Url::parse("http://h?x=1")->target, "/?x=1");
  for (const char* bad :
       {"", "h", "ftp://h", "ws://", "ws://u:p@h/", "ws://h:0/", "ws://h/a b", "ws://h:x/"}) {
    EXPECT_FALSE(Url::parse(bad)) << bad;
  }
}

class Routes : public ::testing::Test {
 protected:
  static Route route(Method method, std::string pattern) {
    return {method, std::move(pattern), {}, HttpHandler([](const Request&, ExchangePtr) {}), {}};
  }
  static Route socket(std::string pattern) {
    return {Method::Get, std::move(pattern), {}, WebSocketRoute{}, {}};
  }

  std::string found(Method method, std::string_view path,
                    Router::Wants wants = Router::Wants::Answer) {
    const auto match = router.match(method, path, wants);
    if (match.route == nullptr) return match.allowed.empty() ? "404" : "405";
    std::string text = match.route->pattern;
    if (std::holds_alternative<WebSocketRoute>(match.route->handler)) text += " socket";
    for (const auto& [name, value] : match.args) text += fmt::format(" {}={}", name, value);
    return text;
  }

  Router router{{route(Method::Get, "/"), route(Method::Get, "/{rest*}"),
                 route(Method::Get, "/live/{channel}/{file}"),
                 route(Method::Get, "/live/{channel}/index.m3u8"),
                 route(Method::Post, "/api/v1/plays"), route(Method::Put, "/api/v1/plays/{id}"),
                 route(Method::Delete, "/api/v1/plays/{id}"), route(Method::Get, "/ws"),
                 socket("/ws"), socket("/live/{channel}/ws"), route(Method::Get, "/folder/")}};
};

TEST_F(Routes, literals_win_over_names_and_names_over_rests) {
  EXPECT_EQ(found(Method::Get, "/"), "/");
  EXPECT_EQ(found(Method::Get, "/live/main/index.m3u8"), "/live/{channel}/index.m3u8 channel=main");
  EXPECT_EQ(found(Method::Get, "/live/main/v/1.m4s"), "/{rest*} rest=live/main/v/1.m4s");
  EXPECT_EQ(found(Method::Get, "/live/main/init.mp4"),
            "/live/{channel}/{file} channel=main file=init.mp4");
  EXPECT_EQ(found(Method::Get, "/assets/a.js"), "/{rest*} rest=assets/a.js");
  EXPECT_EQ(found(Method::Head, "/live/main/index.m3u8"),
            "/live/{channel}/index.m3u8 channel=main");
  EXPECT_EQ(found(Method::Get, "/folder/"), "/folder/");
}

TEST_F(Routes, methods_and_sockets_are_told_apart) {
  EXPECT_EQ(found(Method::Delete, "/api/v1/plays/7"), "/api/v1/plays/{id} id=7");
  EXPECT_EQ(found(Method::Delete, "/api/v1/plays"), "405");
  EXPECT_EQ(found(Method::Post, "/nothing"), "405") << "GET of it would be the pages' answer";
  EXPECT_EQ(found(Method::Get, "/ws"), "/ws");
  EXPECT_EQ(found(Method::Get, "/ws", Router::Wants::WebSocket), "/ws socket");
  EXPECT_EQ(found(Method::Get, "/live/a/ws", Router::Wants::WebSocket),
            "/live/{channel}/ws socket channel=a");
}

TEST_F(Routes, components_hold_no_strange_characters) {
  EXPECT_EQ(found(Method::Put, "/api/v1/plays/a b"), "405")
      << "only the rest of the pages has such a path";
  EXPECT_EQ(found(Method::Put, "/api/v1/plays/"), "405");
  EXPECT_EQ(Router({route(Method::Get, "/x/{name}")})
                .match(Method::Get, "/x/a b", Router::Wants::Answer)
                .route,
            nullptr);
  EXPECT_EQ(Router({route(Method::Get, "/x/{name}")})
                .match(Method::Get, "/x/", Router::Wants::Answer)
                .route,
            nullptr);
  EXPECT_EQ(
      Router({route(Method::Get, "/x")}).match(Method::Get, "/x/", Router::Wants::Answer).route,
      nullptr);
  EXPECT_EQ(
      Router({route(Method::Get, "/x/y")}).match(Method::Get, "/x", Router::Wants::Answer).route,
      nullptr);
}

TEST(AddressLimits, refills_evenly_over_the_minute) {
  AddressLimits limits(2);
  Steady now{};
  for (int count = 0; count < kLoginPerMinute; ++count)
    EXPECT_FALSE(limits.take(RateClass::Login, "a", now));
  EXPECT_EQ(limits.take(RateClass::Login, "a", now), Seconds{60 / kLoginPerMinute});
  EXPECT_FALSE(limits.take(RateClass::Login, "b", now)) << "another address";
  EXPECT_FALSE(limits.take(RateClass::Write, "a", now)) << "another class";
  now += Seconds{60 / kLoginPerMinute};
  EXPECT_FALSE(limits.take(RateClass::Login, "a", now));
  EXPECT_TRUE(limits.take(RateClass::Login, "a", now));
  limits.give_back(RateClass::Login, "a");
  EXPECT_FALSE(limits.take(RateClass::Login, "a", now));
}

TEST(AddressLimits, counts_connections_without_a_request) {
  AddressLimits limits(2);
  EXPECT_TRUE(limits.enter("a"));
  EXPECT_TRUE(limits.enter("a"));
  EXPECT_FALSE(limits.enter("a"));
  EXPECT_TRUE(limits.enter("b"));
  limits.leave("a");
  EXPECT_TRUE(limits.enter("a"));
}

TEST(AddressLimits, remembers_a_bounded_number_of_addresses) {
  AddressLimits limits(2);
  const Steady now{};
  for (std::size_t count = 0; count < kAddressesMax + 10; ++count) {
    limits.take(RateClass::Login, std::to_string(count), now);
  }
  EXPECT_FALSE(limits.take(RateClass::Login, "fresh", now));
}

TEST(Priority, says_what_is_well_formed_and_the_answer_stands_over_the_request) {
  const auto text = [](const Priority& priority) {
    return fmt::format("{} {}", priority.urgency.value_or(-1),
                       priority.incremental ? static_cast<int>(*priority.incremental) : -1);
  };
  EXPECT_EQ(text(parse_priority("u=1, i")), "1 1");
  EXPECT_EQ(text(parse_priority("i=?0,u=7")), "7 0");
  EXPECT_EQ(text(parse_priority("u=2;x=y, i=?1;z, other=3")), "2 1");
  EXPECT_EQ(text(parse_priority("u=2,u=4")), "4 -1");
  for (const char* nothing : {"", "u", "u=8", "u=-1", "u=11", "u=1.0", "i=1", "U=1", "=,;"}) {
    EXPECT_EQ(text(parse_priority(nothing)), "-1 -1") << nothing;
  }
  EXPECT_EQ(text(merge(parse_priority("u=5, i"), parse_priority("u=1"))), "1 1");
  EXPECT_EQ(text(merge(parse_priority("u=5"), parse_priority("i=?0"))), "5 0");
  EXPECT_EQ(text(merge(parse_priority(""), parse_priority(""))), "-1 -1");
}

TEST(Text, follows_the_grammar) {
  EXPECT_TRUE(list_has("keep-alive ,\tUpgrade", "upgrade"));
  EXPECT_FALSE(list_has("upgrades", "upgrade"));
  EXPECT_EQ(number_of("18446744073709551615"), 18'446'744'073'709'551'615U);
  for (const char* bad : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1"})
    EXPECT_FALSE(number_of(bad)) << bad;
  EXPECT_EQ(base64(as_bytes("ab")), "YWI=");
  EXPECT_EQ(as_text(*base64_decoded("YWI=")), "ab");
  for (const char* bad : {"", "YWI", "YW=I", "Y===", "YWI*", "YW I"})
    EXPECT_FALSE(base64_decoded(bad)) << bad;
  EXPECT_EQ(json_escaped("a\"b\\\n\x01舞"), "a\\\"b\\\\\\u000a\\u0001舞");
  EXPECT_EQ(json_escaped("\xff\xe8"), "??");
}

}  // namespace
}  // namespace butai::net
