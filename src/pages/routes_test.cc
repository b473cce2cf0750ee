#include "pages/routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/loop.h"
#include "net/router.h"
#include "pages/site.h"

namespace butai::pages {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Caught final : public net::Exchange {
 public:
  Caught(net::Loop& loop, std::optional<net::Response>& answer) : loop_(loop), answer_(answer) {}
  net::Loop& loop() override { return loop_; }
  void respond(net::Response response) override { answer_ = std::move(response); }
  std::unique_ptr<net::BodyWriter> stream(net::Response) override { return nullptr; }
  void on_gone(std::function<void()>) override {}

 private:
  net::Loop& loop_;
  std::optional<net::Response>& answer_;
};

class Pages : public ::testing::Test {
 protected:
  net::Response get(const std::string& path, net::Headers headers) {
    const net::Router router(routes({.random = random_,
                                     .https_port = [this] { return https_port_; },
                                     .pay_script = pay_script_,
                                     .preview =
                                         [this](std::string_view slug, std::string_view) {
                                           return slug == "night" ? preview_ : std::nullopt;
                                         }}));
    const auto match = router.match(net::Method::Get, path, net::Router::Wants::Answer);
    if (match.route == nullptr) return net::Response::problem(404, "no route");
    net::Request request;
    request.path = path;
    request.target = path;
    request.args = match.args;
    request.headers = std::move(headers);
    request.peer = peer_;
    std::optional<net::Response> answer;
    std::get<net::HttpHandler>(match.route->handler)(request,
                                                     std::make_unique<Caught>(loop_, answer));
    return answer ? *answer : net::Response::problem(500, "no answer");
  }

  static net::Headers browser(const std::string& host = "localhost:8080") {
    net::Headers headers;
    headers.add("Host", host);
    headers.add("Accept", "text/html,*/*;q=0.8");
    return headers;
  }

  static std::string text(const net::Response& response) {
    std::string all;
    for (const Bytes& piece : response.body) all += piece.text();
    return all;
  }

  static std::string header(const net::Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or(""));
  }

  SystemRandom random_;
  net::Loop loop_{0};
  net::Peer peer_;
  std::uint16_t https_port_ = 0;
  std::string pay_script_;
  std::optional<Preview> preview_;
};

TEST_F(Pages, home_is_a_page_for_a_browser_and_json_for_a_program) {
  EXPECT_THAT(header(get("/", browser()), "Content-Type"), StartsWith("text/html"));

  const net::Response program = get("/", {});
  EXPECT_EQ(program.status, 200);
  EXPECT_EQ(text(program), R"({"message": "WebSocket endpoint is /ws"})");
  EXPECT_THAT(header(program, "Vary"), HasSubstr("Accept"));
}

constexpr std::array kPages = {"/legal",      "/terms",           "/privacy",
                               "/external",   "/orders/or_1/pay", "/orders/or_1/receipt",
                               "/",           "/e/gala",          "/e/gala/test",
                               "/e/gala/buy", "/sign-in",         "/orders/or_1",
                               "/tickets",    "/watch",           "/watch/main",
                               "/publish",    "/producer",        "/producer/events/ev_1"};

TEST_F(Pages, every_page_runs_scripts_by_the_nonce_of_this_answer_alone) {
  for (const std::string path : kPages) {
    const net::Response page = get(path, browser());
    EXPECT_EQ(page.status, 200) << path;
    const std::string policy = header(page, "Content-Security-Policy");
    const std::size_t at = policy.find("'nonce-");
    ASSERT_NE(at, std::string::npos) << path;
    const std::string nonce = policy.substr(at + 7, policy.find('\'', at + 7) - at - 7);
    EXPECT_EQ(nonce.size(), 24u) << path;
    EXPECT_THAT(policy, Not(HasSubstr("unsafe"))) << path;
    EXPECT_THAT(text(page), HasSubstr("nonce=\"" + nonce + "\"")) << path;
    EXPECT_THAT(text(page), Not(HasSubstr("@"))) << path;
    EXPECT_THAT(text(page), HasSubstr("<script type=\"module\"")) << path;
    EXPECT_THAT(text(page), Not(HasSubstr("<script>"))) << path;
    EXPECT_THAT(text(page), Not(HasSubstr("<style"))) << path;
    EXPECT_THAT(header(get(path, browser()), "Content-Security-Policy"), Not(HasSubstr(nonce)));
  }
}

TEST_F(Pages, the_pay_page_alone_allows_the_script_of_the_provider) {
  pay_script_ = "https://pay.example/v3/script.js";
  const net::Response pay = get("/orders/or_1/pay", browser());
  const std::string policy = header(pay, "Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("'strict-dynamic' 'self' https://pay.example; "));
  EXPECT_THAT(policy, HasSubstr("frame-src https://pay.example; "));
  EXPECT_THAT(policy, HasSubstr("connect-src 'self' https://pay.example; "));
  EXPECT_THAT(header(pay, "Permissions-Policy"),
              HasSubstr("payment=(self \"https://pay.example\")"));
  for (const std::string path : kPages) {
    if (path == "/orders/or_1/pay") continue;
    EXPECT_THAT(header(get(path, browser()), "Content-Security-Policy"),
                Not(HasSubstr("pay.example")))
        << path;
  }
}

TEST_F(Pages, other_hosts_are_read_from_the_policy) {
  EXPECT_TRUE(external_hosts({.random = random_}).empty());
  const auto hosts = external_hosts({.random = random_, .pay_script = "https://js.stripe.com/v3/"});
  ASSERT_EQ(hosts.size(), 4u);
  EXPECT_EQ(hosts[0].first, "https://js.stripe.com");
  EXPECT_EQ(hosts[0].second, "script img connect frame");
}

TEST_F(Pages, a_page_speaks_the_visitors_language_and_caches_know) {
  net::Headers japanese = browser();
  japanese.add("Accept-Language", "ja,en;q=0.5");
  const net::Response page = get("/tickets", japanese);
  EXPECT_THAT(text(page), HasSubstr("<html lang=\"ja\">"));
  EXPECT_EQ(header(page, "Content-Language"), "ja");
  EXPECT_THAT(header(page, "Vary"), HasSubstr("Accept-Language"));
  EXPECT_THAT(header(page, "Vary"), HasSubstr("Cookie"));
  EXPECT_EQ(header(page, "ETag"), "");
  EXPECT_THAT(text(get("/tickets", browser())), HasSubstr("<html lang=\"en\">"));
}

TEST_F(Pages, a_page_names_only_files_that_are_there) {
  const std::string page = text(get("/watch/main", browser()));
  int named = 0;
  for (std::size_t at = page.find("\"/assets/"); at != std::string::npos;
       at = page.find("\"/assets/", at + 1), ++named) {
    const std::string path = page.substr(at + 1, page.find('"', at + 1) - at - 1);
    EXPECT_EQ(get(path, {}).status, 200) << path;
  }
  EXPECT_GE(named, 2);
}

TEST_F(Pages, gzip_goes_to_those_who_take_it_under_its_own_tag) {
  net::Headers zipped;
  zipped.add("Accept-Encoding", "gzip, deflate");
  const std::string page = text(get("/publish", browser()));
  const std::size_t at = page.find("/assets/");
  const std::string script = page.substr(at, page.find('"', at) - at);
  const net::Response plain = get(script, {});
  const net::Response packed = get(script, zipped);
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_THAT(text(packed), StartsWith("\x1f\x8b"));
  EXPECT_NE(header(plain, "ETag"), header(packed, "ETag"));
  EXPECT_THAT(header(packed, "ETag"), EndsWith("-gz\""));
}

TEST_F(Pages, unknown_asset_is_404) {
  EXPECT_EQ(get("/assets/nothing.js", {}).status, 404);
  EXPECT_EQ(get("/assets/../home/index.html", {}).status, 404);
}

TEST_F(Pages, plain_http_under_a_real_name_goes_to_https) {
  https_port_ = 8443;
  const net::Response moved = get("/watch/main", browser("Live.example.org:8080"));
  EXPECT_EQ(moved.status, 308);
  EXPECT_EQ(header(moved, "Location"), "https://live.example.org:8443/watch/main");

  peer_.origin = "https://public.example.org";
  EXPECT_EQ(header(get("/publish", browser("10.0.0.7")), "Location"),
            "https://public.example.org/publish");
}

TEST_F(Pages, redirect_never_leaves_the_host) {
  https_port_ = 443;
  EXPECT_EQ(header(get("/watch/main", browser("live.example.org")), "Location"),
            "https://live.example.org/watch/main");
  EXPECT_EQ(get("/watch/main", browser("evil/@x")).status, 200);
}

TEST_F(Pages, no_redirect_for_localhost_nor_when_it_is_secure_nor_without_https) {
  EXPECT_EQ(get("/publish", browser("live.example.org")).status, 200);
  https_port_ = 8443;
  EXPECT_EQ(get("/publish", browser("localhost:8080")).status, 200);
  EXPECT_EQ(get("/publish", browser("127.0.0.1:8080")).status, 200);
  peer_.secure = true;
  EXPECT_EQ(get("/publish", browser("live.example.org")).status, 200);
}

TEST_F(Pages, a_program_asking_home_is_not_redirected) {
  https_port_ = 8443;
  net::Headers headers;
  headers.add("Host", "live.example.org");
  headers.add("Accept", "*/*");
  EXPECT_EQ(get("/", headers).status, 200);
}

TEST_F(Pages, a_shared_link_shows_the_event_and_nothing_that_it_says_becomes_markup) {
  preview_ = Preview{"Night \"<script>\" & day", "One night.", "/artwork/0123.png"};
  peer_.origin = "https://live.example.org";
  const std::string page = text(get("/e/night", browser()));
  EXPECT_THAT(page, HasSubstr("<title>Night &quot;&lt;script&gt;&quot; &amp; day · Butai</title>"));
  EXPECT_THAT(
      page,
      HasSubstr(R"(property="og:image" content="https://live.example.org/artwork/0123.png")"));
  EXPECT_THAT(page, HasSubstr(R"(property="og:description" content="One night.")"));
  EXPECT_THAT(page, Not(HasSubstr("<script>")));
  EXPECT_THAT(text(get("/e/other", browser())), HasSubstr("<title>Butai</title>"));
}

}  // namespace
}  // namespace butai::pages
