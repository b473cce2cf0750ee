#include "access/routes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "access/testing/guard_fixture.h"
#include "net/loop.h"
#include "store/testing/temporary_folder.h"

namespace butai::access {
namespace {

namespace json = boost::json;
using net::Method;
using store::testing::TemporaryFolder;
using testing::GuardFixture;

class TestExchange final : public net::Exchange {
 public:
  TestExchange(net::Loop& loop, std::optional<net::Response>& answer)
      : loop_(loop), answer_(answer) {}
  net::Loop& loop() override { return loop_; }
  void respond(net::Response response) override {
    answer_ = std::move(response);
    loop_.stop();
  }
  std::unique_ptr<net::BodyWriter> stream(net::Response) override { return nullptr; }
  void on_gone(std::function<void()>) override {}

 private:
  net::Loop& loop_;
  std::optional<net::Response>& answer_;
};

class RoutesTest : public ::testing::Test, protected GuardFixture {
 protected:
  explicit RoutesTest(std::string secret_text = "CNRY-secret-0123456789abcdef0123456789abcdef")
      : GuardFixture(std::move(secret_text)) {}

  // Guard and handler in turn, as the router does it.
  net::Response call(Method method, const std::string& pattern, net::Request asked) {
    asked.method = method;
    for (const net::Route& route : table) {
      if (route.method != method || route.pattern != pattern) continue;
      auto principal = guard.admit(route.policy, asked);
      if (!principal) return principal.error();
      asked.principal = std::move(*principal);
      net::Loop loop(0);
      std::optional<net::Response> answer;
      std::get<net::HttpHandler>(route.handler)(asked,
                                                std::make_unique<TestExchange>(loop, answer));
      if (!answer) loop.run();
      return std::move(*answer);
    }
    ADD_FAILURE() << "no route " << pattern;
    return {};
  }
  static json::object body_of(const net::Response& response) {
    std::string text;
    for (const Bytes& piece : response.body) text += piece.text();
    return text.empty() ? json::object{} : json::parse(text).as_object();
  }
  static std::string text(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : "";
  }

  net::Response sign_in(const std::string& form,
                        const std::string& type = "application/x-www-form-urlencoded") {
    net::Request asked = request("/token");
    asked.headers.add("Content-Type", type);
    asked.body = form;
    asked.peer.loopback = !far;
    return call(Method::Post, "/token", asked);
  }
  net::Response start(const std::string& body, const std::string& bearer = "") {
    net::Request asked = request("/api/v1/plays");
    asked.body = body;
    asked.peer.loopback = !far;
    return call(Method::Post, "/api/v1/plays", bearer.empty() ? asked : with_bearer(asked, bearer));
  }
  net::Response change(Method method, const std::string& id, const std::string& bearer = "") {
    net::Request asked = request("/api/v1/plays/" + id);
    asked.args.emplace_back("id", id);
    return call(method, "/api/v1/plays/{id}", bearer.empty() ? asked : with_bearer(asked, bearer));
  }
  // The path token of an address that a play was answered with.
  static std::string token_in(const std::string& address) {
    const std::size_t from = address.find("/t/") + 3;
    return address.substr(from, address.find('/', from) - from);
  }

  bool far = false;
  TemporaryFolder folder;
  std::unique_ptr<store::Database> database =
      store::Database::open({.path = folder.path() + "/butai.db"}).value();
  Passwords passwords;
  Accounts accounts{*database, passwords, time, random};
  std::vector<net::Route> table = routes({guard, gatekeeper, plays, tickets, accounts, minter});
};

class TokenRouteTest : public RoutesTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        accounts.add({"ann", {}, Role::Viewer, {"publish:main", "view:main"}, "CNRY pass&word=1"}));
  }
  static constexpr const char* kGood =
      "grant_type=password&username=ann&password=CNRY+pass%26word%3D1";
};

TEST_F(TokenRouteTest, right_password_gives_a_bearer_token_of_an_hour) {
  const auto answer = sign_in(kGood);
  ASSERT_EQ(answer.status, 200);
  const json::object body = body_of(answer);
  EXPECT_EQ(text(body, "token_type"), "bearer");
  EXPECT_EQ(body.at("expires_in").as_int64(), 3600);
  EXPECT_EQ(body.size(), 3u);
  const auto token = verifier.verify(text(body, "access_token"));
  ASSERT_TRUE(token) << label(token.error());
  EXPECT_EQ(token->subject, "ann");
  EXPECT_EQ(token->scopes, (std::vector<std::string>{"publish:main", "view:main"}));
  EXPECT_EQ(token->expires, time.utc() + Seconds{3600});
}

TEST_F(TokenRouteTest, never_more_than_the_account_has) {
  const auto narrowed = body_of(sign_in(std::string(kGood) + "&scope=view%3Amain+admin"));
  EXPECT_EQ(text(narrowed, "scope"), "view:main");
  EXPECT_EQ(verifier.verify(text(narrowed, "access_token"))->scopes,
            std::vector<std::string>{"view:main"});
  const auto exact = body_of(sign_in(std::string(kGood) + "&scope=view%3Amain"));
  EXPECT_FALSE(exact.contains("scope"));
  const auto none = sign_in(std::string(kGood) + "&scope=admin");
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(text(body_of(none), "error"), "invalid_scope");
}

TEST_F(TokenRouteTest, table_of_bad_requests) {
  const std::pair<std::string, std::string_view> rows[] = {
      {"grant_type=password&username=ann&password=wrong", "invalid_grant"},
      {"grant_type=password&username=bob&password=wrong", "invalid_grant"},
      {"grant_type=password&username=ann&password=", "invalid_grant"},
      {"grant_type=password&username=&password=", "invalid_grant"},
      {"grant_type=client_credentials&username=ann&password=x", "unsupported_grant_type"},
      {"username=ann&password=x", "invalid_request"},
      {"grant_type=password&password=x", "invalid_request"},
      {"grant_type=password&username=ann", "invalid_request"},
      {"grant_type=password&username=ann&username=bob&password=x", "invalid_request"},
      {"grant_type=password&username=%ff%zz&password=x", "invalid_request"},
      {"", "invalid_request"},
      {R"({"username":"ann"})", "invalid_request"},
  };
  for (const auto& [form, error] : rows) {
    const auto answer = sign_in(form);
    EXPECT_EQ(answer.status, 400) << form;
    EXPECT_EQ(text(body_of(answer), "error"), error) << form;
    EXPECT_NE(text(body_of(answer), "error_description"), "") << form;
    EXPECT_EQ(answer.headers.find("Content-Type"), "application/problem+json");
  }
  EXPECT_EQ(sign_in(kGood, "application/json").status, 400);
  EXPECT_EQ(sign_in(kGood).status, 200);
}

TEST_F(TokenRouteTest, sixth_wrong_password_is_429_with_retry_after) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(sign_in("grant_type=password&username=ann&password=guess").status, 400);
  }
  const auto answer = sign_in(kGood);
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.headers.find("Retry-After"), "60");
}

TEST_F(TokenRouteTest, is_limited_like_a_login) {
  const auto found = std::ranges::find(table, "/token", &net::Route::pattern);
  ASSERT_NE(found, table.end());
  EXPECT_EQ(found->policy.rate, net::RateClass::Login);
  EXPECT_EQ(found->policy.cache, net::Cache::NoStore);
}

TEST_F(RoutesTest, ticket_is_for_the_bearer_of_a_token) {
  net::Request asked = request("/api/v1/tickets");
  EXPECT_EQ(call(Method::Post, "/api/v1/tickets", asked).status, 401);
  const auto answer =
      call(Method::Post, "/api/v1/tickets", with_bearer(asked, token("ann", "publish:main")));
  ASSERT_EQ(answer.status, 201);
  const auto redeemed = tickets.redeem(text(body_of(answer), "ticket"));
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(redeemed->subject, "ann");
  EXPECT_EQ(redeemed->expires, time.utc() + Seconds{600});
}

TEST_F(RoutesTest, play_is_answered_with_addresses_that_are_admitted) {
  const auto answer = start(R"({"channel":"main"})", token("ann", "view:main"));
  ASSERT_EQ(answer.status, 201);
  const json::object body = body_of(answer);
  const std::string path = "/t/" + token_in(text(body, "hls")) + "/live/main/";
  EXPECT_EQ(text(body, "hls"), "https://live.example" + path + "index.m3u8");
  EXPECT_EQ(text(body, "dash"), "https://live.example" + path + "manifest.mpd");
  EXPECT_EQ(text(body, "ws"), "wss://live.example" + path + "ws");
  EXPECT_TRUE(body.at("license").is_null());
  EXPECT_EQ(body.at("expires").as_int64(), micros_of(time.utc() + Seconds{12 * 3600}));
  const auto viewer = guard.admit({.who = net::Who::Viewer},
                                  with_play(view_request("main"), token_in(text(body, "hls"))));
  ASSERT_TRUE(viewer);
  EXPECT_EQ(viewer->play, text(body, "play"));
}

TEST_F(RoutesTest, table_of_who_may_start_a_play) {
  rules.access["show"] = Access::Public;
  rules.unknown.insert("absent");
  struct Row {
    std::string body, bearer;
    int status;
  };
  const Row rows[] = {
      {R"({"channel":"main"})", "", 401},
      {R"({"channel":"main"})", "broken", 401},
      {R"({"channel":"main"})", expired_token(), 401},
      {R"({"channel":"main"})", token("ann", "view:other"), 403},
      {R"({"channel":"main"})", token("ann", "publish:main"), 403},
      {R"({"channel":"main"})", token("ann", "view:main"), 201},
      {R"({"channel":"show"})", "", 201},
      {R"({"channel":"show"})", token("ann", ""), 201},
      {R"({"channel":"show"})", expired_token(), 401},
      {R"({"channel":"absent"})", token("ann", "view:absent"), 404},
      {R"({"channel":"absent"})", "", 401},
      {R"({"channel":"../x"})", token("ann", "view:main"), 404},
      {R"({"channel":7})", token("ann", "view:main"), 400},
      {R"({"channel":"main","channel":"main"})", token("ann", "view:main"), 400},
      {R"({})", token("ann", "view:main"), 400},
      {"", token("ann", "view:main"), 400},
      {"[]", token("ann", "view:main"), 400},
  };
  for (const Row& row : rows) EXPECT_EQ(start(row.body, row.bearer).status, row.status) << row.body;
}

TEST_F(RoutesTest, refused_play_says_which_token_would_do) {
  const json::object body = body_of(start(R"({"channel":"main"})"));
  EXPECT_NE(text(body, "detail").find("--scope \"view:main\""), std::string::npos);
}

TEST_F(RoutesTest, play_is_renewed_by_its_owner_only) {
  const std::string ann = token("ann", "view:main");
  const auto first = body_of(start(R"({"channel":"main"})", ann));
  const std::string id = text(first, "play");
  time.advance(Seconds{60});
  EXPECT_EQ(change(Method::Put, id).status, 401);
  EXPECT_EQ(change(Method::Put, id, token("bob", "view:main")).status, 404);
  EXPECT_EQ(change(Method::Put, id, token("ann", "view:other")).status, 403);
  const auto renewed = change(Method::Put, id, ann);
  ASSERT_EQ(renewed.status, 200);
  EXPECT_EQ(text(body_of(renewed), "play"), id);
  EXPECT_EQ(body_of(renewed).at("expires").as_int64(), first.at("expires").as_int64() + 60'000'000);
  EXPECT_EQ(change(Method::Put, "AAAAAAAAAAAAAAAAAAAAAA", ann).status, 404);
}

TEST_F(RoutesTest, play_is_ended_by_its_owner_or_an_operator) {
  const std::string ann = token("ann", "view:main");
  const auto body = body_of(start(R"({"channel":"main"})", ann));
  const std::string id = text(body, "play");
  const auto watch = with_play(view_request("main"), token_in(text(body, "hls")));
  EXPECT_EQ(change(Method::Delete, id).status, 401);
  EXPECT_EQ(change(Method::Delete, id, token("bob", "view:main")).status, 404);
  EXPECT_TRUE(guard.admit({.who = net::Who::Viewer}, watch));
  EXPECT_EQ(change(Method::Delete, id, ann).status, 204);
  EXPECT_FALSE(guard.admit({.who = net::Who::Viewer}, watch));
  EXPECT_EQ(change(Method::Delete, id, ann).status, 404);
  EXPECT_EQ(change(Method::Put, id, ann).status, 404);

  const auto second = body_of(start(R"({"channel":"main"})", ann));
  EXPECT_EQ(change(Method::Delete, text(second, "play"), token("op", "control")).status, 204);
}

TEST_F(RoutesTest, play_of_nobody_is_kept_by_whoever_knows_its_id) {
  rules.access["show"] = Access::Public;
  const std::string id = text(body_of(start(R"({"channel":"show"})")), "play");
  EXPECT_EQ(change(Method::Put, id).status, 200);
  EXPECT_EQ(change(Method::Delete, id).status, 204);
  EXPECT_EQ(change(Method::Put, id).status, 404);
}

class WeakRoutesTest : public RoutesTest {
 protected:
  WeakRoutesTest() : RoutesTest("your-secret-key") {}
};

TEST_F(WeakRoutesTest, weak_secret_signs_for_this_machine_only) {
  rules.access["show"] = Access::Public;
  ASSERT_TRUE(accounts.add({"ann", {}, Role::Viewer, {}, "CNRY-password"}));
  const std::string form = "grant_type=password&username=ann&password=CNRY-password";
  EXPECT_EQ(sign_in(form).status, 200);
  EXPECT_EQ(start(R"({"channel":"show"})").status, 201);
  far = true;
  EXPECT_EQ(sign_in(form).status, 401);
  EXPECT_EQ(start(R"({"channel":"show"})").status, 401);
}

TEST_F(RoutesTest, every_route_is_documented_and_bounded) {
  EXPECT_EQ(table.size(), 6u);
  for (const net::Route& route : table) {
    EXPECT_NE(route.doc.summary, "") << route.pattern;
    EXPECT_LE(route.policy.body_bytes_max, 4096u) << route.pattern;
    const bool reads = route.method == net::Method::Get;
    EXPECT_EQ(route.policy.rate == net::RateClass::None, reads) << route.pattern;
    for (const std::string& schema : {route.doc.request_schema, route.doc.response_schema}) {
      if (schema.empty()) continue;
      EXPECT_TRUE(json::parse(schema).is_object()) << route.pattern;
    }
  }
}

}  // namespace
}  // namespace butai::access
