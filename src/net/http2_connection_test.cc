// HTTP/2 over real TLS sockets: every route as over HTTP/1.1, with the same admission.
#include "net/http2_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <future>

#include "net/client.h"
#include "net/testing/certificate_files.h"
#include "net/testing/http2_client.h"
#include "net/testing/local_server.h"

namespace butai::net {
namespace {

using testing::Fields;
using ::testing::HasSubstr;
using testing::Http2Client;
using testing::Http2Peer;
using testing::LocalServer;
using testing::operator+;
using testing::TestGuard;

Policy open_policy() {
  Policy policy;
  policy.who = Who::Anyone;
  return policy;
}
Route route(Method method, std::string pattern, HttpHandler handler,
            Policy policy = open_policy()) {
  return {method, std::move(pattern), policy, std::move(handler), {}};
}
Route get(std::string pattern, HttpHandler handler) {
  return route(Method::Get, std::move(pattern), std::move(handler));
}
HttpHandler says(std::string text) {
  return [text = std::move(text)](const Request&, ExchangePtr exchange) {
    exchange->respond(Response::text(200, "text/plain", text));
  };
}
void mirror(const Request& request, ExchangePtr exchange) {
  exchange->respond(Response::text(
      200, "text/plain",
      fmt::format("path={} token={} body={} origin={} secure={}", request.path, request.path_token,
                  request.body, request.peer.origin, request.peer.secure)));
}
Fields with_path(const std::string& method, const std::string& path) {
  return {{":method", method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}};
}

class Http2Server : public ::testing::Test {
 protected:
  Http2Server() { files_.make(); }
  LocalServer& serve(std::vector<Route> routes, ServerOptions options = {},
                     TestGuard guard = TestGuard{}) {
    server = std::make_unique<LocalServer>(std::move(routes), std::move(options), std::move(guard),
                                           &files_.files);
    return *server;
  }
  // How often a line of the metrics says more than nothing.
  bool counted(const std::string& line) const {
    const std::string text = server->metrics().text();
    for (const std::string loop : {"0", "1"}) {
      const auto at = text.find(fmt::format("{{loop=\"{}\",why=\"{}\"}} ", loop, line));
      if (at != std::string::npos && text[text.find("} ", at) + 2] != '0') return true;
    }
    return false;
  }
  bool all_gone() const {
    const auto end = std::chrono::steady_clock::now() + Seconds{5};
    while (server->server().connections() > 0 && std::chrono::steady_clock::now() < end) {
    }
    return server->server().connections() == 0;
  }

  testing::CertificateFiles files_;
  std::unique_ptr<LocalServer> server;
};

TEST_F(Http2Server, is_chosen_by_alpn_and_answers_with_the_same_bytes_as_http_1_1) {
  serve({get("/live/{channel}/x", mirror)});
  Http2Client both(server->port(), 65'535, "\x08http/1.1\x02h2");
  EXPECT_EQ(both.protocol(), "h2");
  Http2Client old(server->port(), 65'535, "\x08http/1.1");
  EXPECT_EQ(old.protocol(), "http/1.1");

  const auto& answer = both.get("/t/abc.def/live/main/x");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body,
            "path=/live/main/x token=abc.def body= origin=https://localhost secure=true");
  old.send("GET /t/abc.def/live/main/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string before = old.receive_all();
  EXPECT_THAT(before, HasSubstr("\r\n\r\n" + answer.body));
  for (const auto& [name, value] : answer.fields) {
    if (name == ":status" || name == "date") continue;
    std::string line = name + ": " + value;
    EXPECT_TRUE(std::ranges::search(before, line, [](char a, char b) {
      return std::tolower(a) == std::tolower(b);
    })) << line;
  }
  EXPECT_EQ(answer.fields.count("connection"), 0u);
}

TEST_F(Http2Server, head_ranges_validators_and_methods_work_as_before) {
  serve({get("/f", [](const Request&, ExchangePtr exchange) {
    Response response = Response::text(200, "video/mp4", "0123456789");
    response.headers.add("ETag", "\"v1\"");
    exchange->respond(std::move(response));
  })});
  Http2Client client(server->port());
  const auto ask = [&](const std::string& method, const Fields& more) {
    return client.wait(client.peer.ask(with_path(method, "/f") + more));
  };
  const auto head = ask("HEAD", {});
  EXPECT_EQ(head.fields.at("content-length"), "10");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(ask("GET", {{"range", "bytes=3-6"}}).body, "3456");
  EXPECT_EQ(ask("GET", {{"if-none-match", "\"v1\""}}).status, 304);
  EXPECT_EQ(ask("DELETE", {}).status, 405);
  EXPECT_EQ(ask("BREW", {}).status, 501);
  EXPECT_EQ(client.wait(client.peer.ask(with_path("OPTIONS", "*"))).status, 204);
  for (const std::string bad : {"/../etc", "/%2e%2e/etc", "//evil", "/a%00b"}) {
    EXPECT_EQ(client.get(bad).status, 400) << bad;
  }
}

TEST_F(Http2Server, a_held_request_blocks_nobody_and_hears_when_its_stream_is_reset) {
  std::promise<ExchangePtr> asked;
  std::promise<void> gone;
  serve({get("/held",
             [&](const Request&, ExchangePtr exchange) {
               exchange->on_gone([&] { gone.set_value(); });
               asked.set_value(std::move(exchange));
             }),
         get("/now", says("now"))});
  Http2Client client(server->port());
  const StreamId held = client.peer.get("/held");
  client.flush();
  ExchangePtr exchange = asked.get_future().get();
  EXPECT_EQ(client.get("/now").body, "now");
  client.peer.reset(held);
  EXPECT_EQ(client.get("/now").body, "now");
  EXPECT_EQ(gone.get_future().wait_for(Seconds{5}), std::future_status::ready);
  auto& loop = exchange->loop();
  std::promise<void> dropped;
  loop.post([&] {
    exchange.reset();
    dropped.set_value();
  });
  dropped.get_future().wait();
}

TEST_F(Http2Server, pieces_leave_as_they_are_written_and_a_given_up_body_resets_its_stream) {
  struct Writing {
    std::unique_ptr<BodyWriter> writer;
    Loop* loop = nullptr;
    std::promise<void> drained;
  };
  Writing writing;
  serve({get("/pieces",
             [&](const Request&, ExchangePtr exchange) {
               writing.loop = &exchange->loop();
               writing.writer = exchange->stream(Response::text(200, "text/plain", "one"));
               writing.writer->on_drained([&] { writing.drained.set_value(); });
             }),
         get("/broken", [](const Request&, ExchangePtr exchange) {
           exchange->stream(Response::text(200, "text/plain", "half"));
         })});
  Http2Client client(server->port());
  const StreamId id = client.peer.get("/pieces");
  while (client.peer.answer(id).body != "one" && client.step()) {
  }
  EXPECT_EQ(client.peer.answer(id).body, "one");
  EXPECT_EQ(writing.drained.get_future().wait_for(Seconds{5}), std::future_status::ready);
  EXPECT_EQ(client.get("/broken").error, static_cast<std::uint32_t>(NGHTTP2_INTERNAL_ERROR));
  writing.loop->post([&] {
    writing.writer->on_drained({});
    writing.writer->write({Bytes::copy_of("two")});
    writing.writer->finish();
    writing.writer.reset();
  });
  EXPECT_EQ(client.wait(id).body, "onetwo");
  EXPECT_EQ(client.peer.answer(id).error, 0u);
}

TEST_F(Http2Server, admits_as_http_1_1_does) {
  Policy secret;
  secret.who = Who::Viewer;
  Policy small = open_policy();
  small.body_bytes_max = 10;
  Policy login = open_policy();
  login.rate = RateClass::Login;
  WebSocketRoute socket{
      [](const Request&) { return std::unexpected(Response::problem(403, "not reached")); },
      {},
      {}};
  serve({route(Method::Get, "/secret", says("secret"), secret),
         route(Method::Post, "/small", mirror, small),
         route(
             Method::Post, "/login",
             [](const Request&, ExchangePtr exchange) {
               exchange->respond(Response::problem(401, "wrong"));
             },
             login),
         {Method::Get, "/ws", open_policy(), socket, {}}},
        {},
        TestGuard(
            [](const Policy& policy, const Request& request) -> std::expected<Principal, Response> {
              if (policy.who != Who::Viewer || request.headers.find("Authorization")) {
                return Principal{};
              }
              return std::unexpected(Response::problem(401, "a token, please"));
            }));
  Http2Client client(server->port());
  EXPECT_EQ(client.get("/secret").status, 401);
  EXPECT_EQ(
      client.wait(client.peer.ask(with_path("GET", "/secret") + Fields{{"authorization", "x"}}))
          .body,
      "secret");
  const auto post = [&](const std::string& path, const Fields& more, const std::string& body) {
    return client.wait(client.peer.ask(with_path("POST", path) + more, body));
  };
  EXPECT_THAT(post("/small", {}, "ten bytes!").body, HasSubstr("body=ten bytes!"));
  EXPECT_EQ(post("/small", {}, "eleven byte").status, 413);
  EXPECT_EQ(post("/small", {{"content-length", "11"}}, "eleven byte").status, 413);
  EXPECT_EQ(client.get("/ws").status, 426);
  for (int guess = 0; guess < kLoginPerMinute; ++guess) {
    EXPECT_EQ(post("/login", {}, "").status, 401);
  }
  const auto slowed = post("/login", {}, "");
  EXPECT_EQ(slowed.status, 429);
  EXPECT_EQ(slowed.fields.count("retry-after"), 1u);
}

TEST_F(Http2Server, a_large_answer_comes_whole_to_any_window) {
  std::vector<std::uint8_t> content(8 * 1024 * 1024);
  for (std::size_t at = 0; at < content.size(); ++at)
    content[at] = static_cast<std::uint8_t>(at * 7);
  const Bytes big(content);
  serve({get("/big", [&](const Request&, ExchangePtr exchange) {
    Response response;
    response.body = {big.slice(0, 3'000'000), big.slice(3'000'000, big.size() - 3'000'000)};
    exchange->respond(std::move(response));
  })});
  for (const std::uint32_t window : {16'384U, 65'535U, 16'777'216U}) {
    Http2Client client(server->port(), window);
    const StreamId one = client.peer.get("/big");
    const StreamId two = client.peer.get("/big");
    EXPECT_TRUE(client.wait(one).body == big.text()) << window;
    EXPECT_TRUE(client.wait(two).body == big.text()) << window;
  }
}

TEST_F(Http2Server, ends_slow_heads_slow_bodies_and_idle_connections) {
  ServerOptions options;
  options.deadlines.head = Millis{250};
  options.deadlines.idle = Millis{250};
  options.deadlines.body_grace = Millis{250};
  serve({get("/", says("home")), route(Method::Post, "/", mirror)}, options);
  Http2Client silent(server->port());
  silent.send(testing::greeting());
  silent.receive_all();
  Http2Client half(server->port());
  half.send(testing::greeting() + testing::headers(1, testing::get("/")) +
            testing::frame(NGHTTP2_HEADERS, 0, 3, testing::block(testing::get("/"))));
  half.receive_all();
  EXPECT_TRUE(counted("late"));
  Http2Client slow_body(server->port());
  slow_body.send(testing::greeting() +
                 testing::headers(1, with_path("POST", "/") + Fields{{"content-length", "5"}},
                                  testing::Last::No));
  EXPECT_THAT(slow_body.receive_all(), HasSubstr("408"));
  Http2Client idle(server->port());
  EXPECT_EQ(idle.get("/").body, "home");
  while (idle.step()) {
  }
  EXPECT_EQ(idle.peer.goaway(), 0u);
  EXPECT_TRUE(all_gone());
}

TEST_F(Http2Server, resets_a_stream_whose_reader_gives_no_window_and_keeps_the_others) {
  ServerOptions options;
  options.deadlines.stall = Millis{100};
  const Bytes big(std::vector<std::uint8_t>(1024 * 1024));
  serve({get("/big",
             [&](const Request&, ExchangePtr exchange) {
               Response response;
               response.body = {big};
               exchange->respond(std::move(response));
             }),
         get("/", says("home"))},
        options);
  Http2Client client(server->port());
  client.send(testing::greeting() + testing::headers(1, testing::get("/big")));
  EXPECT_TRUE(client.receives(
      testing::frame(NGHTTP2_RST_STREAM, 0, 1, testing::big_endian(NGHTTP2_CANCEL, 4))));
  EXPECT_TRUE(counted("stalled"));
  client.send(testing::window_update(0, 100'000) + testing::headers(3, testing::get("/")));
  EXPECT_TRUE(client.receives("home"));
}

TEST_F(Http2Server, cuts_a_peer_that_reads_nothing) {
  ServerOptions options;
  options.deadlines.stall = Millis{100};
  const Bytes big(std::vector<std::uint8_t>(64 * 1024 * 1024));
  serve({get("/big",
             [&](const Request&, ExchangePtr exchange) {
               Response response;
               response.body = {big};
               exchange->respond(std::move(response));
             })},
        options);
  Http2Client client(server->port());
  const std::string widest = testing::big_endian(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2) +
                             testing::big_endian(0x7fffffff, 4);
  client.send(testing::greeting() + testing::frame(NGHTTP2_SETTINGS, 0, 0, widest) +
              testing::window_update(0, 0x7fff0000) + testing::headers(1, testing::get("/big")));
  EXPECT_TRUE(all_gone());
  EXPECT_TRUE(counted("stalled"));
}

TEST_F(Http2Server, a_flood_ends_its_connection_and_is_counted) {
  serve({get("/", says("home"))});
  Http2Client client(server->port());
  client.send(testing::greeting());
  std::string flood;
  for (int i = 0; i < 2000; ++i) flood += testing::frame(NGHTTP2_PING, 0, 0, "12345678");
  client.send(flood);
  EXPECT_THAT(client.receive_all(), HasSubstr(testing::big_endian(NGHTTP2_ENHANCE_YOUR_CALM, 4)));
  EXPECT_TRUE(counted("controls"));
  EXPECT_EQ(Http2Client(server->port()).get("/").body, "home");
}

TEST_F(Http2Server, drains_with_goaway_and_answers_what_is_open) {
  std::promise<ExchangePtr> asked;
  serve({get("/wait",
             [&](const Request&, ExchangePtr exchange) { asked.set_value(std::move(exchange)); })});
  Http2Client client(server->port());
  const StreamId id = client.peer.get("/wait");
  client.flush();
  ExchangePtr exchange = asked.get_future().get();
  server->server().stop_accepting();
  while (!client.peer.goaway() && client.step()) {
  }
  EXPECT_EQ(client.peer.goaway(), 0u);
  auto& loop = exchange->loop();
  loop.post([kept = std::move(exchange)]() mutable {
    kept->respond(Response::text(200, "text/plain", "late"));
  });
  EXPECT_EQ(client.wait(id).body, "late");
  while (client.step()) {
  }
  EXPECT_TRUE(all_gone());
}

TEST_F(Http2Server, counts_an_address_only_until_its_first_request) {
  ServerOptions options;
  options.unproven_per_address = 1;
  serve({get("/", says("home"))}, options);
  Http2Client first(server->port());
  first.send(testing::greeting());
  first.receive_some();
  EXPECT_FALSE(Http2Client(server->port()).open()) << "one that has not asked is enough";
  first.send(testing::headers(1, testing::get("/")));
  EXPECT_TRUE(first.receives("home"));
  EXPECT_EQ(Http2Client(server->port()).get("/").body, "home");
}

}  // namespace
}  // namespace butai::net
