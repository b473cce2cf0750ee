#include "access/guard.h"

#include <gtest/gtest.h>

#include <set>

#include "access/testing/guard_fixture.h"
#include "base/testing/manual_time.h"
#include "store/database.h"
#include "store/testing/temporary_folder.h"

namespace butai::access {
namespace {

using net::LateToken;
using net::Policy;
using net::Who;
using testing::GuardFixture;

class GuardTest : public ::testing::Test, protected GuardFixture {
 protected:
  // "ok SUBJECT", "ok nobody", "ok play", or the status and what WWW-Authenticate calls it.
  std::string ask(const Policy& policy, const net::Request& request) {
    const auto answer = guard.admit(policy, request);
    if (!answer) return std::to_string(answer.error().status);
    if (!answer->play.empty()) return "ok play";
    return "ok " + (answer->subject.empty() ? "nobody" : answer->subject);
  }
  static std::string text_of(const net::Response& response) {
    std::string text;
    for (const Bytes& piece : response.body) text += piece.text();
    return text;
  }
  double refused(const std::string& reason) {
    return metrics
        .counter("butai_access_refused_total", "Requests refused, by reason.", {{"reason", reason}})
        .Value();
  }
};

// The matrix: every kind of route by every kind of credential.
TEST_F(GuardTest, matrix_of_questions_and_credentials) {
  const std::string play = start_play("main", "ann");
  const std::string other_play = start_play("other", "ann");
  struct Row {
    std::string_view name;
    net::Request viewer;  // of /live/main/…
    std::string_view anyone, bearer, view_main, publish_main, control, admin;
  };
  const auto bearer = [this](std::string_view scope) {
    return with_bearer(view_request("main"), token("ann", scope));
  };
  const Row rows[] = {
      {"nothing", view_request("main"), "ok nobody", "401", "401", "401", "401", "401"},
      {"no scope", bearer(""), "ok nobody", "ok ann", "403", "403", "403", "403"},
      {"view:main", bearer("view:main"), "ok nobody", "ok ann", "ok ann", "403", "403", "403"},
      {"view:other", bearer("view:other"), "ok nobody", "ok ann", "403", "403", "403", "403"},
      {"publish:main", bearer("publish:main"), "ok nobody", "ok ann", "403", "ok ann", "403",
       "403"},
      {"publish:other", bearer("publish:other"), "ok nobody", "ok ann", "403", "403", "403", "403"},
      {"control", bearer("control"), "ok nobody", "ok ann", "403", "403", "ok ann", "403"},
      {"admin", bearer("admin"), "ok nobody", "ok ann", "403", "403", "ok ann", "ok ann"},
      {"broken", with_bearer(view_request("main"), "broken"), "ok nobody", "401", "401", "401",
       "401", "401"},
      {"expired", with_bearer(view_request("main"), expired_token()), "ok nobody", "401", "401",
       "401", "401", "401"},
      {"play of main", with_play(view_request("main"), play), "ok nobody", "403", "ok play", "403",
       "403", "403"},
      {"play of other", with_play(view_request("main"), other_play), "ok nobody", "403", "403",
       "403", "403", "403"},
      {"forged play", with_play(view_request("main"), "AAAA"), "ok nobody", "401", "401", "401",
       "401", "401"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(ask({.who = Who::Anyone}, row.viewer), row.anyone) << row.name;
    EXPECT_EQ(ask({.who = Who::Bearer}, row.viewer), row.bearer) << row.name;
    EXPECT_EQ(ask({.who = Who::Viewer}, row.viewer), row.view_main) << row.name;
    EXPECT_EQ(ask({.who = Who::Publisher}, row.viewer), row.publish_main) << row.name;
    EXPECT_EQ(ask({.who = Who::Control}, row.viewer), row.control) << row.name;
    EXPECT_EQ(ask({.who = Who::Admin}, row.viewer), row.admin) << row.name;
  }
}

TEST_F(GuardTest, addresses_for_a_cdn_open_media_of_their_channel_and_nothing_else) {
  const EdgeLinks links(EdgeKey{"a", "0123456789abcdef0123456789abcdef"});
  const std::string right = links.right("main", time.utc());
  const auto asked = [&](const std::string& path, const std::string& channel = "main") {
    net::Request made = with_play(request(path), right);
    made.args.emplace_back("channel", channel);
    return made;
  };
  const Policy viewer{.who = Who::Viewer};
  EXPECT_EQ(ask(viewer, asked("/live/main/video/1.m4s")), "401") << "there is no key";
  guard.know(links, time);
  EXPECT_EQ(ask(viewer, asked("/live/main/video/1.m4s")), "ok nobody");
  EXPECT_EQ(ask(viewer, asked("/live/main/video/init-1.mp4")), "ok nobody");
  EXPECT_EQ(ask(viewer, asked("/live/other/video/1.m4s", "other")), "401");
  for (const std::string path : {"/live/main/index.m3u8", "/live/main/video/index.m3u8",
                                 "/live/main/manifest.mpd", "/live/main/ws", "/license/1.m4s"}) {
    EXPECT_EQ(ask(viewer, asked(path)), "403") << path;
  }
  EXPECT_EQ(ask({.who = Who::Publisher}, asked("/live/main/video/1.m4s")), "403");
  // A player that sends its bearer with everything is not two people.
  EXPECT_EQ(ask(viewer, with_bearer(asked("/live/main/video/1.m4s"), token("ann", "view:main"))),
            "ok ann");
  time.advance(Seconds{361});
  EXPECT_EQ(ask(viewer, asked("/live/main/video/1.m4s")), "401");
}

TEST_F(GuardTest, in_a_panic_what_may_rest_rests_and_says_so) {
  butai::testing::ManualTime home;  // only posted to, and outlives the database's thread
  const store::testing::TemporaryFolder folder;
  const auto database = store::Database::open({.path = folder.path() + "/butai.db"});
  ASSERT_TRUE(database);
  PanicSwitch panic(**database);
  guard.know(panic);
  Policy buying{.who = Who::Anyone};
  buying.rests = true;
  net::Request request = view_request("main");
  request.headers.set("Accept", "text/html");
  EXPECT_EQ(ask(buying, request), "ok nobody");
  panic.set(true, home, [](bool) {});
  const auto resting = guard.admit(buying, request);
  ASSERT_FALSE(resting);
  EXPECT_EQ(resting.error().status, 503);
  EXPECT_EQ(resting.error().headers.find("Retry-After"), "60");
  EXPECT_NE(text_of(resting.error()).find("<h1>"), std::string::npos);
  EXPECT_EQ(ask({.who = Who::Anyone}, request), "ok nobody");
}

TEST_F(GuardTest, public_channel_is_viewed_by_nobody_and_published_by_nobody_without_token) {
  rules.access["show"] = Access::Public;
  EXPECT_EQ(ask({.who = Who::Viewer}, view_request("show")), "ok nobody");
  EXPECT_EQ(ask({.who = Who::Viewer}, view_request("main")), "401");
  net::Request publisher = publish_request("show");
  EXPECT_EQ(ask({.who = Who::Publisher}, publisher), "401");
  EXPECT_EQ(ask({.who = Who::Viewer}, with_bearer(view_request("show"), "broken")), "401")
      << "a bad credential is told, not ignored";
}

TEST_F(GuardTest, publisher_without_query_means_main) {
  const Policy publisher{.who = Who::Publisher};
  EXPECT_EQ(ask(publisher, with_bearer(publish_request(""), token("ann", "publish:main"))),
            "ok ann");
  EXPECT_EQ(ask(publisher, with_bearer(publish_request(""), token("ann", "publish:cam"))), "403");
  EXPECT_EQ(ask(publisher, with_bearer(publish_request("cam"), token("ann", "publish:cam"))),
            "ok ann");
}

TEST_F(GuardTest, bad_and_unknown_channel_names_are_404_for_those_with_a_right) {
  const Policy publisher{.who = Who::Publisher};
  for (const std::string name : {"../x", "a b", "", "a/b", "ä"}) {
    net::Request request = with_bearer(publish_request("x"), token("ann", "publish:main"));
    request.query = {{"channel", name}};
    EXPECT_EQ(ask(publisher, request), "404") << name;
  }
  rules.unknown.insert("absent");
  EXPECT_EQ(ask(publisher, with_bearer(publish_request("absent"), token("a", "publish:absent"))),
            "404");
  EXPECT_EQ(ask(publisher, with_bearer(publish_request("absent"), token("a", "publish:main"))),
            "403")
      << "whoever has no right does not learn what exists";
  EXPECT_EQ(ask(publisher, publish_request("absent")), "401");
}

TEST_F(GuardTest, token_is_taken_from_the_subprotocol) {
  net::Request request = publish_request("");
  request.headers.add("Sec-WebSocket-Protocol", "butai.v1, bearer." + token("ann", "publish:main"));
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "ok ann");
  request.headers.add("Authorization", "Bearer " + token("bob", "publish:main"));
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "400");
}

TEST_F(GuardTest, same_token_twice_is_one_credential) {
  const std::string same = token("ann", "publish:main");
  net::Request request = with_bearer(publish_request(""), same);
  request.headers.add("Sec-WebSocket-Protocol", "bearer." + same);
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "ok ann");
}

TEST_F(GuardTest, authorization_must_be_bearer) {
  const std::string good = token("ann", "publish:main");
  const std::pair<std::string, std::string_view> rows[] = {
      {"Bearer " + good, "ok ann"},
      {"bearer " + good, "ok ann"},
      {"BEARER   " + good, "ok ann"},
      {"Basic YWJjOmRlZg==", "401"},
      {"Bearer", "401"},
      {"Bearer ", "401"},
      {good, "401"},
      {"", "401"},
      {"Bearer" + good, "401"},
  };
  for (const auto& [value, expected] : rows) {
    net::Request request = publish_request("");
    request.headers.add("authorization", value);
    EXPECT_EQ(ask({.who = Who::Publisher}, request), expected) << value.substr(0, 12);
  }
}

TEST_F(GuardTest, token_in_the_query_is_refused_even_where_it_could_come_later) {
  net::Request request = publish_request("");
  request.query.emplace_back("token", token("ann", "publish:main"));
  const Policy late{.who = Who::Publisher, .late_token = LateToken::Allowed};
  const auto answer = guard.admit(late, request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().status, 401);
  EXPECT_NE(text_of(answer.error()).find("ends up in logs"), std::string::npos);
  EXPECT_NE(text_of(answer.error()).find("?ticket="), std::string::npos);
}

TEST_F(GuardTest, late_token_opens_the_socket_for_nobody_only_when_there_is_none) {
  const Policy late{.who = Who::Publisher, .late_token = LateToken::Allowed};
  EXPECT_EQ(ask(late, publish_request("")), "ok nobody");
  EXPECT_EQ(ask(late, with_bearer(publish_request(""), "broken")), "401");
  EXPECT_EQ(ask(late, with_bearer(publish_request(""), token("ann", "view:main"))), "403");

  const net::Request open = publish_request("");
  const auto good = guard.admit_token(late, open, token("ann", "publish:main"));
  ASSERT_TRUE(good);
  EXPECT_EQ(good->subject, "ann");
  EXPECT_EQ(guard.admit_token(late, open, token("ann", "view:main")).error().close_code(), 4403);
  EXPECT_EQ(guard.admit_token(late, open, expired_token()).error().close_code(), 4401);
  EXPECT_EQ(guard.admit_token(late, open, "").error().close_code(), 4401);
}

TEST_F(GuardTest, answers_say_what_is_wrong_and_how_to_mend_it) {
  const Policy publisher{.who = Who::Publisher};
  const auto without = guard.admit(publisher, publish_request("cam")).error();
  EXPECT_EQ(without.headers.find("WWW-Authenticate"), "Bearer realm=\"butai\"");
  EXPECT_NE(
      text_of(without).find(R"(butai token mint --sub NAME --scope \"publish:cam\" --ttl 3600)"),
      std::string::npos)
      << text_of(without);

  const auto expired =
      guard.admit(publisher, with_bearer(publish_request("cam"), expired_token())).error();
  EXPECT_EQ(expired.headers.find("WWW-Authenticate"),
            "Bearer realm=\"butai\", error=\"invalid_token\", error_description=\"The token has "
            "expired.\"");
  const auto other =
      guard.admit(publisher, with_bearer(publish_request("cam"), token("a", "view:cam"))).error();
  EXPECT_EQ(other.status, 403);
  const auto challenge = other.headers.find("WWW-Authenticate");
  ASSERT_TRUE(challenge);
  EXPECT_NE(challenge->find("error=\"insufficient_scope\""), challenge->npos);
  EXPECT_NE(challenge->find("scope=\"publish:cam\""), challenge->npos);
  EXPECT_NE(text_of(other).find("It needs the scope publish:cam."), std::string::npos);
}

TEST_F(GuardTest, refusals_never_repeat_the_token) {
  const std::string canary = token("CNRY-subject", "view:main");
  const auto answer =
      guard.admit({.who = Who::Publisher}, with_bearer(publish_request(""), canary)).error();
  const std::string all = text_of(answer) + std::string(*answer.headers.find("WWW-Authenticate"));
  EXPECT_EQ(all.find(canary), std::string::npos);
  EXPECT_EQ(all.find("CNRY"), std::string::npos);
}

TEST_F(GuardTest, every_refusal_is_counted_by_its_reason) {
  EXPECT_EQ(refused("no_credential"), 0);
  ask({.who = Who::Admin}, view_request("main"));
  ask({.who = Who::Admin}, with_bearer(view_request("main"), "broken"));
  EXPECT_EQ(refused("no_credential"), 1);
  EXPECT_EQ(refused("malformed"), 1);
  ask({.who = Who::Anyone}, view_request("main"));
  EXPECT_EQ(refused("no_credential"), 1);
}

TEST_F(GuardTest, ticket_opens_one_websocket_once) {
  net::Principal ann{"ann", {"publish:main"}, time.utc() + Seconds{600}, {}};
  net::Request request = publish_request("");
  request.query.emplace_back("ticket", tickets.issue(ann)->text);
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "ok ann");
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "401");
  EXPECT_EQ(refused("ticket_used"), 1);
}

TEST_F(GuardTest, ticket_is_for_sockets_and_allows_what_its_token_did) {
  net::Principal ann{"ann", {"view:main"}, time.utc() + Seconds{600}, {}};
  net::Request page = view_request("main");
  page.query.emplace_back("ticket", tickets.issue(ann)->text);
  EXPECT_EQ(ask({.who = Who::Viewer}, page), "401");
  page.headers.add("Upgrade", "websocket");
  EXPECT_EQ(ask({.who = Who::Viewer}, page), "ok ann") << "the refusal did not use it up";
  net::Request publisher = publish_request("");
  publisher.query.emplace_back("ticket", tickets.issue(ann)->text);
  EXPECT_EQ(ask({.who = Who::Publisher}, publisher), "403");
}

TEST_F(GuardTest, ticket_expires_after_thirty_seconds) {
  net::Principal ann{"ann", {"publish:main"}, time.utc() + Seconds{600}, {}};
  net::Request request = publish_request("");
  request.query.emplace_back("ticket", tickets.issue(ann)->text);
  time.advance(Seconds{30});
  EXPECT_EQ(ask({.who = Who::Publisher}, request), "401");
  EXPECT_EQ(refused("ticket_expired"), 1);
}

TEST_F(GuardTest, play_is_for_the_paths_of_its_channel) {
  const std::string play = start_play("main", "ann");
  net::Request request = with_play(view_request("main"), play);
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "ok play");
  request.path = "/live/mainer/index.m3u8";
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "403");
  request.path = "/license/clearkey";
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "403");
}

TEST_F(GuardTest, ended_play_is_refused) {
  const std::string play = start_play("main", "ann");
  const net::Request request = with_play(view_request("main"), play);
  const auto principal = guard.admit({.who = Who::Viewer}, request);
  ASSERT_TRUE(principal);
  EXPECT_TRUE(guard.still_running(*principal));
  plays.end(*plays.find(principal->play));
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "401");
  EXPECT_EQ(refused("play_revoked"), 1);
  EXPECT_FALSE(guard.still_running(*principal));
}

TEST_F(GuardTest, play_of_nobody_ends_when_the_channel_is_no_longer_public) {
  rules.access["show"] = Access::Public;
  const net::Request request = with_play(view_request("show"), start_play("show", ""));
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "ok play");
  rules.access["show"] = Access::Token;
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "403");
}

TEST_F(GuardTest, play_and_token_together_are_refused) {
  const net::Request request = with_bearer(
      with_play(view_request("main"), start_play("main", "ann")), token("ann", "view:main"));
  EXPECT_EQ(ask({.who = Who::Viewer}, request), "400");
}

TEST(WeakSecretTest, what_it_signs_is_accepted_on_loopback_only) {
  GuardFixture weak("your-secret-key");
  const net::Principal ann{"ann", {"publish:main"}, weak.time.utc() + Seconds{600}, {}};
  const auto bearer = weak.with_bearer(weak.publish_request(""), weak.token("ann", "publish:main"));
  const auto play = weak.with_play(weak.view_request("main"), weak.start_play("main", "ann"));
  auto ticket = weak.publish_request("");
  ticket.query.emplace_back("ticket", weak.tickets.issue(ann)->text);
  const std::pair<net::Request, Who> rows[] = {
      {bearer, Who::Publisher}, {play, Who::Viewer}, {ticket, Who::Publisher}};
  for (auto [request, who] : rows) {
    request.peer.loopback = false;
    const auto far = weak.guard.admit({.who = who}, request);
    ASSERT_FALSE(far);
    EXPECT_EQ(far.error().status, 401);
    EXPECT_NE(far.error().body.at(0).text().find("set [auth] secret to 32 random bytes"),
              std::string_view::npos);
    request.peer.loopback = true;
    EXPECT_TRUE(weak.guard.admit({.who = who}, request));
  }
}

TEST(WeakSecretTest, strong_secret_is_accepted_from_everywhere) {
  GuardFixture strong;
  auto request =
      strong.with_bearer(strong.publish_request(""), strong.token("ann", "publish:main"));
  request.peer.loopback = false;
  EXPECT_TRUE(strong.guard.admit({.who = Who::Publisher}, request));
}

}  // namespace
}  // namespace butai::access
