// The server over real sockets: HTTP/1.1 as it should be, and everything that it should refuse
// (reliability rows B21 and B23).
#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fmt/format.h>

#include <atomic>
#include <future>
#include <set>

#include "net/limits.h"
#include "net/testing/local_server.h"
#include "net/testing/raw_client.h"

namespace butai::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using namespace std::string_literals;
using testing::LocalServer;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TestGuard;

Policy open_policy() {
  Policy policy;
  policy.who = Who::Anyone;
  return policy;
}

Route get(std::string pattern, HttpHandler handler, Policy policy = open_policy()) {
  return {Method::Get, std::move(pattern), policy, std::move(handler), {}};
}
Route post(std::string pattern, HttpHandler handler, Policy policy = open_policy()) {
  return {Method::Post, std::move(pattern), policy, std::move(handler), {}};
}

HttpHandler says(std::string text) {
  return [text = std::move(text)](const Request&, ExchangePtr exchange) {
    exchange->respond(Response::text(200, "text/plain", text));
  };
}

// Answers with what the handler saw.
void mirror(const Request& request, ExchangePtr exchange) {
  exchange->respond(Response::text(
      200, "text/plain",
      fmt::format("path={} token={} body={} peer={} secure={} loopback={} origin={}", request.path,
                  request.path_token, request.body, request.peer.address, request.peer.secure,
                  request.peer.loopback, request.peer.origin)));
}

std::string request(std::string_view line, std::string_view fields = "") {
  return fmt::format("{} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", line, fields);
}

std::string asked(const LocalServer& server, std::string_view bytes) {
  RawClient client(server.port());
  client.send(bytes);
  return client.receive_answer();
}

TEST(Server, answers_a_request_and_keeps_the_connection) {
  LocalServer server({get("/hello", says("stage"))});
  RawClient client(server.port());
  for (int time = 0; time < 3; ++time) {
    client.send(request("GET /hello"));
    const std::string answer = client.receive_answer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, ::testing::EndsWith("\r\n\r\nstage"));
    EXPECT_THAT(answer, HasSubstr("\r\nDate: "));
    EXPECT_THAT(answer, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nReferrer-Policy: no-referrer\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\nCache-Control: no-store\r\n"));
    EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
  }
}

// One ReadyAnswer for all requests of the test's single connection.
HttpHandler gives(Response response) {
  return [answer = std::make_shared<ReadyAnswer>(std::move(response))](
             const Request&, ExchangePtr exchange) { exchange->give(answer); };
}

TEST(Server, gives_a_ready_answer_as_if_it_had_been_made_for_each) {
  Response tagged = Response::text(200, "text/plain", "a stage");
  tagged.headers.add("ETag", "\"1\"");
  Policy open_to_all = open_policy();
  open_to_all.cors = true;
  LocalServer server(
      {get(
           "/made", [=](const Request&, ExchangePtr e) { e->respond(tagged); }, open_to_all),
       get("/ready", gives(tagged), open_to_all)});
  RawClient client(server.port());
  const auto answer_to = [&](std::string_view method, std::string_view path,
                             std::string_view fields) {
    client.send(request(fmt::format("{} {}", method, path), fields));
    std::string answer =
        method == "HEAD" ? client.receive_until("\r\n\r\n") : client.receive_answer();
    const std::size_t date = answer.find("Date: ") + 6;
    EXPECT_EQ(answer.substr(date + 26, 3), "GMT");
    answer.replace(date, 29, "then");  // the two may fall into different seconds
    return answer;
  };
  EXPECT_THAT(answer_to("GET", "/ready", ""),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), ::testing::EndsWith("\r\n\r\na stage")));
  for (const auto* fields : {"", "", "If-None-Match: \"1\"\r\n", "If-None-Match: \"2\"\r\n",
                             "Range: bytes=2-\r\n", "Range: bytes=9-\r\n"}) {
    for (const auto* method : {"GET", "HEAD"}) {
      if (std::string_view(fields).starts_with("If-None-Match: \"1\"")) continue;
      EXPECT_EQ(answer_to(method, "/ready", fields), answer_to(method, "/made", fields)) << fields;
    }
  }
  client.send(request("GET /ready", "If-None-Match: \"1\"\r\n"));
  EXPECT_THAT(client.receive_until("\r\n\r\n"), StartsWith("HTTP/1.1 304 "));
  client.send(request("GET /ready", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all(), HasSubstr("\r\nConnection: close\r\n"));
}

TEST(Server, large_bodies_that_are_asked_for_often_stay_whole_and_in_order) {
  std::string film;
  while (film.size() < 500'000) film += std::to_string(film.size());
  LocalServer server({get("/film", gives(Response::text(200, "video/mp4", film))),
                      get("/word", gives(Response::text(200, "text/plain", "stage")))});
  RawClient client(server.port());
  constexpr int kTimes = 3 * kBodyFileAsked;
  std::string requests;
  for (int i = 0; i < kTimes; ++i) requests += request("GET /film") + request("GET /word");
  client.send(requests);
  for (int i = 0; i < kTimes; ++i) {
    const std::string answer = client.receive_answer();
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + film)) << i;
    EXPECT_THAT(client.receive_answer(), ::testing::EndsWith("\r\n\r\nstage"));
  }
}

TEST(Server, answers_pipelined_requests_in_order_even_when_the_first_is_late) {
  ExchangePtr waiting;
  std::promise<void> asked_first;
  LocalServer server({get("/late",
                          [&](const Request&, ExchangePtr exchange) {
                            waiting = std::move(exchange);
                            asked_first.set_value();
                          }),
                      get("/now", says("second"))});
  RawClient client(server.port());
  client.send(request("GET /late") + request("GET /now"));
  asked_first.get_future().wait();
  auto& loop = waiting->loop();
  loop.post([&] { waiting->respond(Response::text(200, "text/plain", "first")); });
  EXPECT_THAT(client.receive_answer(), HasSubstr("first"));
  EXPECT_THAT(client.receive_answer(), HasSubstr("second"));
}

TEST(Server, head_has_the_length_of_get_and_no_body) {
  LocalServer server({get("/hello", says("stage"))});
  RawClient client(server.port());
  client.send(request("HEAD /hello", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all(),
              AllOf(HasSubstr("Content-Length: 5\r\n"), ::testing::EndsWith("\r\n\r\n")));
}

TEST(Server, answers_http_1_0_and_closes) {
  LocalServer server({get("/hello", says("stage"))});
  RawClient client(server.port());
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.receive_all(),
              AllOf(HasSubstr("200 OK"), HasSubstr("Connection: close"), HasSubstr("stage")));
}

TEST(Server, tells_what_is_not_there_and_what_is_not_allowed) {
  Policy cors = open_policy();
  cors.cors = true;
  LocalServer server({get("/a/{name}", says("a"), cors), post("/b", says("b"))});
  EXPECT_THAT(asked(server, request("GET /nothing")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(asked(server, request("GET /a/b/c")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(asked(server, request("GET /a/x%20y")), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(asked(server, request("DELETE /b")),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST, OPTIONS\r\n")));
  EXPECT_THAT(asked(server, request("OPTIONS /a/x")),
              AllOf(StartsWith("HTTP/1.1 204 "), HasSubstr("Access-Control-Allow-Origin: *\r\n"),
                    HasSubstr("Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n")));
  EXPECT_THAT(asked(server, request("OPTIONS /b")), Not(HasSubstr("Access-Control")));
  EXPECT_THAT(asked(server, request("BREW /b")), StartsWith("HTTP/1.1 501 "));
}

TEST(Server, strips_the_token_from_the_path_before_routing) {
  LocalServer server({get("/live/{channel}/x", mirror)});
  EXPECT_THAT(asked(server, request("GET /t/abc.def/live/main/x")),
              HasSubstr("path=/live/main/x token=abc.def"));
}

TEST(Server, reads_bodies_of_both_kinds) {
  LocalServer server({post("/echo", mirror)});
  EXPECT_THAT(asked(server, request("POST /echo", "Content-Length: 5\r\n") + "hello"),
              HasSubstr("body=hello"));
  EXPECT_THAT(asked(server, request("POST /echo", "Transfer-Encoding: chunked\r\n") +
                                "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n"),
              HasSubstr("body=hello"));
  RawClient patient(server.port());
  patient.send(request("POST /echo", "Content-Length: 2\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(patient.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  patient.send("ok");
  EXPECT_THAT(patient.receive_answer(), HasSubstr("body=ok"));
}

TEST(Server, refuses_bodies_over_the_route_limit) {
  Policy small = open_policy();
  small.body_bytes_max = 10;
  LocalServer server({post("/small", mirror, small)});
  EXPECT_THAT(asked(server, request("POST /small", "Content-Length: 11\r\n")),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(asked(server, request("POST /small", "Transfer-Encoding: chunked\r\n") +
                                "b\r\nhello worlds\r\n"),
              StartsWith("HTTP/1.1 413 "));
}

TEST(Server, refuses_every_ambiguous_or_malformed_request_and_closes) {
  LocalServer server({get("/", says("home")), post("/", mirror), get("/{rest*}", mirror)});
  struct Case {
    std::string name;
    std::string bytes;
    int status;
  };
  std::string many;
  for (int field = 0; field < 101; ++field) many += fmt::format("X-{}: y\r\n", field);
  const std::vector<Case> cases = {
      {"length and chunked",
       request("POST /", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunked and length",
       request("POST /", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
      {"two lengths", request("POST /", "Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
      {"the same length twice", request("POST /", "Content-Length: 3\r\nContent-Length: 3\r\n"),
       400},
      {"length as a list", request("POST /", "Content-Length: 3, 3\r\n"), 400},
      {"negative length", request("POST /", "Content-Length: -1\r\n"), 400},
      {"length with plus", request("POST /", "Content-Length: +3\r\n"), 400},
      {"length overflow", request("POST /", "Content-Length: 99999999999999999999\r\n"), 400},
      {"length in hex", request("POST /", "Content-Length: 0x3\r\n"), 400},
      {"gzip coding", request("POST /", "Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"unknown coding", request("POST /", "Transfer-Encoding: xchunked\r\n"), 501},
      {"chunked twice",
       request("POST /", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"chunk size not hex", request("POST /", "Transfer-Encoding: chunked\r\n") + "zz\r\n", 400},
      {"chunk size overflow",
       request("POST /", "Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n", 400},
      {"huge chunk", request("POST /", "Transfer-Encoding: chunked\r\n") + "fffffff0\r\n", 413},
      {"chunk without end", request("POST /", "Transfer-Encoding: chunked\r\n") + "1\r\nabc\r\n",
       400},
      {"folded field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
      {"bare line feed", "GET / HTTP/1.1\nHost: x\n\n", 400},
      {"bare line feed in a field", "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400},
      {"bare carriage return", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400},
      {"space before colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"field without colon", "GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n", 400},
      {"NUL in a field", "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"s, 400},
      {"NUL in the path", "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n"s, 400},
      {"101 fields", request("GET /", many), 431},
      {"33 KiB head", request("GET /", "X: " + std::string(33 * 1024, 'x') + "\r\n"), 431},
      {"64 KiB target", request("GET /" + std::string(64 * 1024, 'x')), 431},
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"no version", "GET /\r\n\r\n", 400},
      {"lower-case protocol", "GET / http/1.1\r\nHost: x\r\n\r\n", 505},
      {"empty request line", "\r\n\r\n", 400},
      {"TLS client hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
      {"encoded NUL", request("GET /a%00b"), 400},
      {"dot segments", request("GET /../etc/passwd"), 400},
      {"encoded dot segments", request("GET /%2e%2e/etc"), 400},
      {"encoded slash", request("GET /%2e%2e%2fetc"), 400},
      {"encoded backslash", request("GET /a%5cb"), 400},
      {"parameter trick", request("GET /a/..;/b"), 400},
      {"single dot", request("GET /./a"), 400},
      {"double slash", request("GET //evil.example/"), 400},
      {"double slash inside", request("GET /a//b"), 400},
      {"twice encoded", request("GET /%252e%252e/a"), 400},
      {"overlong slash", request("GET /%c0%af"), 400},
      {"overlong dot", request("GET /%e0%80%ae"), 400},
      {"surrogate", request("GET /%ed%a0%80"), 400},
      {"half a percent code", request("GET /a%4"), 400},
      {"percent without hex", request("GET /a%zz"), 400},
      {"absolute form of another host", request("GET http://other/"), 400},
      {"authority form", request("GET localhost:80"), 400},
      {"asterisk with GET", request("GET *"), 400},
  };
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.name);
    RawClient client(server.port());
    client.send(bad.bytes + request("GET /"));
    const std::string answer = client.receive_all();
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {} ", bad.status)));
    EXPECT_THAT(answer, HasSubstr("Connection: close"));
    EXPECT_THAT(answer, Not(HasSubstr("home"))) << "what follows must not be read as a request";
  }
}

TEST(Server, accepts_what_is_unusual_but_right) {
  LocalServer server({get("/", says("home")), get("/{rest*}", mirror)});
  const std::vector<std::string> cases = {
      "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
      "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /%E8%88%9E%E5%8F%B0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /?a=b&c=%2F%2e%2e HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nEmpty:\r\n\r\n",
  };
  for (const std::string& good : cases) {
    SCOPED_TRACE(good);
    EXPECT_THAT(asked(server, good), StartsWith("HTTP/1.1 200 "));
  }
}

TEST(Server, reads_a_request_that_comes_byte_by_byte) {
  LocalServer server({post("/echo", mirror)});
  RawClient client(server.port());
  for (const char byte :
       request("POST /echo", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n") {
    client.send({&byte, 1});
  }
  EXPECT_THAT(client.receive_answer(), HasSubstr("body=abc"));
}

TEST(Server, answers_one_range_and_validators) {
  LocalServer server({get("/f", [](const Request&, ExchangePtr exchange) {
    Response response;
    response.headers.add("Content-Type", "video/mp4");
    response.headers.add("ETag", "\"v1\"");
    response.body = {Bytes::copy_of("01234"), Bytes::copy_of("56789")};
    exchange->respond(std::move(response));
  })});
  const auto ranged = [&](std::string_view range) {
    return asked(server, request("GET /f", fmt::format("Range: {}\r\n", range)));
  };
  EXPECT_THAT(ranged("bytes=3-6"),
              AllOf(StartsWith("HTTP/1.1 206 "), HasSubstr("Content-Range: bytes 3-6/10\r\n"),
                    ::testing::EndsWith("\r\n\r\n3456")));
  EXPECT_THAT(ranged("bytes=8-"), ::testing::EndsWith("\r\n\r\n89"));
  EXPECT_THAT(ranged("bytes=-3"), ::testing::EndsWith("\r\n\r\n789"));
  EXPECT_THAT(ranged("bytes=0-999"), ::testing::EndsWith("\r\n\r\n0123456789"));
  EXPECT_THAT(ranged("bytes=10-"),
              AllOf(StartsWith("HTTP/1.1 416 "), HasSubstr("Content-Range: bytes */10\r\n")));
  EXPECT_THAT(ranged("bytes=0-1,3-4"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ranged("bytes=6-3"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(ranged("lines=1-2"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(asked(server, request("GET /f", "Range: bytes=0-1\r\nIf-Range: \"v0\"\r\n")),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(asked(server, request("GET /f", "If-None-Match: \"v0\", W/\"v1\"\r\n")),
              AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("ETag: \"v1\""),
                    Not(HasSubstr("Content-Length"))));
  EXPECT_THAT(asked(server, request("GET /f", "If-None-Match: \"v2\"\r\n")),
              StartsWith("HTTP/1.1 200 "));
}

TEST(Server, writes_a_body_piece_by_piece) {
  LocalServer server({get("/parts", [](const Request&, ExchangePtr exchange) {
    auto writer = exchange->stream(Response::text(200, "text/plain", ""));
    writer->write({Bytes::copy_of("one"), Bytes::copy_of("two")});
    writer->write({Bytes::copy_of("three")});
    writer->finish();
  })});
  RawClient client(server.port());
  client.send(request("GET /parts", "Connection: close\r\n"));
  EXPECT_THAT(client.receive_all(),
              AllOf(HasSubstr("Transfer-Encoding: chunked\r\n"),
                    ::testing::EndsWith("\r\n\r\n6\r\nonetwo\r\n5\r\nthree\r\n0\r\n\r\n")));
  RawClient old(server.port());
  old.send("GET /parts HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.receive_all(), ::testing::EndsWith("\r\n\r\nonetwothree"));
}

TEST(Server, cuts_the_connection_when_a_body_is_given_up) {
  LocalServer server({get("/parts", [](const Request&, ExchangePtr exchange) {
    exchange->stream(Response::text(200, "text/plain", ""))->write({Bytes::copy_of("one")});
  })});
  RawClient client(server.port());
  client.send(request("GET /parts"));
  EXPECT_THAT(client.receive_all(), Not(HasSubstr("0\r\n\r\n")));
}

TEST(Server, answers_500_when_the_handler_forgets) {
  LocalServer server({get("/lost", [](const Request&, ExchangePtr) {})});
  EXPECT_THAT(asked(server, request("GET /lost")), StartsWith("HTTP/1.1 500 "));
}

TEST(Server, tells_the_handler_when_the_peer_goes_away) {
  std::promise<void> gone;
  std::promise<void> arrived;
  ExchangePtr kept;
  LocalServer server({get("/wait", [&](const Request&, ExchangePtr exchange) {
    exchange->on_gone([&] {
      kept.reset();
      gone.set_value();
    });
    kept = std::move(exchange);
    arrived.set_value();
  })});
  {
    RawClient client(server.port());
    client.send(request("GET /wait"));
    arrived.get_future().wait();
  }
  EXPECT_EQ(gone.get_future().wait_for(Seconds{5}), std::future_status::ready);
}

TEST(Server, asks_the_guard_before_the_handler_and_sends_its_answer) {
  std::atomic<int> called = 0;
  LocalServer server(
      {get(
          "/secret",
          [&](const Request&, ExchangePtr exchange) {
            ++called;
            exchange->respond(Response::text(200, "text/plain", "secret"));
          },
          Policy{})},
      {}, TestGuard([](const Policy& policy, const Request&) -> std::expected<Principal, Response> {
        EXPECT_EQ(policy.who, Who::Admin);
        Response response = Response::problem(401, "a token is needed");
        response.headers.add("WWW-Authenticate", "Bearer");
        return std::unexpected(std::move(response));
      }));
  EXPECT_THAT(asked(server, request("GET /secret")),
              AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("WWW-Authenticate: Bearer\r\n"),
                    HasSubstr("a token is needed")));
  EXPECT_EQ(called, 0);
}

TEST(Server, S12_refuses_writes_with_a_cookie_from_other_origins) {
  Policy policy = open_policy();
  policy.csrf = Csrf::SameOrigin;
  LocalServer server({post("/w", says("written"), policy)});
  const auto written = [&](std::string_view fields) {
    return asked(server, request("POST /w", fmt::format("Content-Length: 0\r\n{}", fields)));
  };
  EXPECT_THAT(written(""), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(written("Cookie: s=1\r\n"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(written("Cookie: s=1\r\nOrigin: http://localhost\r\n"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(written("Cookie: s=1\r\nOrigin: http://evil.example\r\n"),
              StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(written("Cookie: s=1\r\nSec-Fetch-Site: same-origin\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(written("Cookie: s=1\r\nSec-Fetch-Site: cross-site\r\nOrigin: http://localhost\r\n"),
              StartsWith("HTTP/1.1 403 "));
}

TEST(Server, slows_down_guesses_but_not_good_logins) {
  Policy policy = open_policy();
  policy.rate = RateClass::Login;
  LocalServer server({post(
      "/token",
      [](const Request& asking, ExchangePtr exchange) {
        const bool good = asking.query_value("good").has_value();
        exchange->respond(good ? Response::json("{}") : Response::problem(401, "wrong"));
      },
      policy)});
  const std::string good = request("POST /token?good=1", "Content-Length: 0\r\n");
  const std::string bad = request("POST /token", "Content-Length: 0\r\n");
  for (int time = 0; time < 50; ++time)
    ASSERT_THAT(asked(server, good), StartsWith("HTTP/1.1 200 "));
  for (int time = 0; time < kLoginPerMinute; ++time)
    ASSERT_THAT(asked(server, bad), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(asked(server, bad), AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: ")));
}

TEST(Server, S14_sets_cache_control_by_policy_unless_the_handler_did) {
  Policy immutable = open_policy();
  immutable.cache = Cache::Immutable;
  LocalServer server({get("/part", says("x"), immutable),
                      get(
                          "/missing",
                          [](const Request&, ExchangePtr exchange) {
                            exchange->respond(Response::problem(404, "gone"));
                          },
                          immutable),
                      get(
                          "/own",
                          [](const Request&, ExchangePtr exchange) {
                            Response response = Response::text(200, "text/plain", "x");
                            response.headers.add("Cache-Control", "max-age=1");
                            exchange->respond(std::move(response));
                          },
                          immutable)});
  EXPECT_THAT(asked(server, request("GET /part")),
              HasSubstr("Cache-Control: public, max-age=31536000, immutable\r\n"));
  EXPECT_THAT(asked(server, request("GET /missing")), HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_THAT(asked(server, request("GET /own")), HasSubstr("Cache-Control: max-age=1\r\n"));
}

TEST(Server, does_not_let_a_handler_split_the_answer) {
  LocalServer server({get("/x", [](const Request& asking, ExchangePtr exchange) {
    Response response = Response::text(200, "text/plain", "x");
    response.headers.add("Location", std::string(asking.query_value("to").value_or("")));
    exchange->respond(std::move(response));
  })});
  EXPECT_THAT(asked(server, request("GET /x?to=a%0d%0aSet-Cookie:%20evil")),
              Not(HasSubstr("Set-Cookie")));
}

TEST(Server, believes_forwarding_only_from_trusted_proxies) {
  const std::vector<Route> routes = {get("/who", mirror)};
  const std::string claim = request("GET /who",
                                    "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: "
                                    "https\r\nX-Forwarded-Host: live.example\r\n");
  LocalServer plain(routes);
  EXPECT_THAT(asked(plain, claim),
              HasSubstr("peer=127.0.0.1 secure=false loopback=false origin=http://localhost"));
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.0/8"};
  LocalServer behind(routes, options);
  EXPECT_THAT(asked(behind, claim),
              HasSubstr("peer=203.0.113.7 secure=true loopback=false origin=https://live.example"));
}

TEST(Server, ends_slow_heads_slow_bodies_and_idle_connections) {
  ServerOptions options;
  options.deadlines.head = Millis{80};
  options.deadlines.idle = Millis{80};
  options.deadlines.body_grace = Millis{80};
  LocalServer server({get("/", says("home")), post("/", mirror)}, options);
  RawClient silent(server.port());
  EXPECT_EQ(silent.receive_all(), "");
  RawClient slow(server.port());
  slow.send("GET / HTTP/1.1\r\nHo");
  EXPECT_THAT(slow.receive_all(), StartsWith("HTTP/1.1 408 "));
  RawClient slow_body(server.port());
  slow_body.send(request("POST /", "Content-Length: 5\r\n") + "he");
  EXPECT_THAT(slow_body.receive_all(), StartsWith("HTTP/1.1 408 "));
  RawClient idle(server.port());
  idle.send(request("GET /"));
  EXPECT_THAT(idle.receive_all(), AllOf(StartsWith("HTTP/1.1 200 "), Not(HasSubstr("408"))));
}

TEST(Server, head_deadline_is_not_moved_by_single_bytes) {
  ServerOptions options;
  options.deadlines.head = Millis{150};
  LocalServer server({get("/", says("home"))}, options);
  RawClient slow(server.port());
  const auto start = std::chrono::steady_clock::now();
  slow.send("GET / HTTP/1.1\r\nX: ");
  bool open = true;
  while (open && std::chrono::steady_clock::now() - start < Seconds{4}) open = slow.send("x");
  EXPECT_FALSE(open);
  EXPECT_LT(std::chrono::steady_clock::now() - start, Seconds{3});
}

TEST(Server, cuts_a_peer_that_takes_nothing_of_its_answer) {
  ServerOptions options;
  options.deadlines.stall = Millis{100};
  std::promise<void> gone;
  const Bytes big(std::vector<std::uint8_t>(32 * 1024 * 1024));
  LocalServer server({get("/big",
                          [&](const Request&, ExchangePtr exchange) {
                            Response response;
                            response.body = {big};
                            exchange->respond(std::move(response));
                          })},
                     options);
  RawClient client(server.port(), 4096);
  client.send(request("GET /big"));
  const auto start = std::chrono::steady_clock::now();
  while (server.server().connections() == 0 &&
         std::chrono::steady_clock::now() - start < Seconds{2}) {
  }
  while (server.server().connections() > 0 &&
         std::chrono::steady_clock::now() - start < Seconds{4}) {
  }
  EXPECT_EQ(server.server().connections(), 0U);
}

TEST(Server, sends_a_large_body_whole_to_a_slow_reader) {
  std::vector<std::uint8_t> content(8 * 1024 * 1024);
  for (std::size_t at = 0; at < content.size(); ++at)
    content[at] = static_cast<std::uint8_t>(at * 7 >> 3);
  const Bytes big(content);
  LocalServer server({get("/big", [&](const Request&, ExchangePtr exchange) {
    Response response;
    for (std::size_t at = 0; at < big.size(); at += 65'537) {
      response.body.push_back(big.slice(at, std::min<std::size_t>(65'537, big.size() - at)));
    }
    exchange->respond(std::move(response));
  })});
  RawClient client(server.port(), 4096);
  client.send(request("GET /big", "Connection: close\r\n"));
  const std::string answer = client.receive_all();
  const std::size_t body = answer.find("\r\n\r\n") + 4;
  EXPECT_EQ(answer.size() - body, big.size());
  EXPECT_TRUE(answer.substr(body) == big.text());
}

TEST(Server, limits_connections_of_one_address_that_ask_nothing) {
  ServerOptions options;
  options.unproven_per_address = 4;
  LocalServer server({get("/", says("home"))}, options);
  std::vector<std::unique_ptr<RawClient>> proven;
  for (int count = 0; count < 10; ++count) {
    proven.push_back(std::make_unique<RawClient>(server.port()));
    proven.back()->send(request("GET /"));
    ASSERT_THAT(proven.back()->receive_answer(), StartsWith("HTTP/1.1 200 "));
  }
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int count = 0; count < 4; ++count)
    silent.push_back(std::make_unique<RawClient>(server.port()));
  while (server.server().connections() < 14) {
  }
  RawClient refused(server.port());
  EXPECT_THAT(refused.receive_all(), StartsWith("HTTP/1.1 429 "));
  silent.clear();
  while (server.server().connections() > 10) {
  }
  EXPECT_THAT(asked(server, request("GET /")), StartsWith("HTTP/1.1 200 "));
}

TEST(Server, stops_accepting_and_lets_open_requests_end) {
  std::promise<ExchangePtr> asked_promise;
  LocalServer server({get("/wait", [&](const Request&, ExchangePtr exchange) {
    asked_promise.set_value(std::move(exchange));
  })});
  RawClient client(server.port());
  client.send(request("GET /wait"));
  ExchangePtr exchange = asked_promise.get_future().get();
  server.server().stop_accepting();
  const auto start = std::chrono::steady_clock::now();
  while (RawClient(server.port()).connected() &&
         std::chrono::steady_clock::now() - start < Seconds{3}) {
  }
  EXPECT_FALSE(RawClient(server.port()).connected());
  auto& loop = exchange->loop();
  loop.post([kept = std::move(exchange)]() mutable {
    kept->respond(Response::text(200, "text/plain", "late"));
  });
  EXPECT_THAT(client.receive_all(),
              AllOf(HasSubstr("Connection: close"), ::testing::EndsWith("late")));
}

TEST(Server, refuses_a_port_that_somebody_listens_on) {
  LocalServer first({get("/", says("home"))});
  Loops loops(1);
  TestGuard guard;
  SystemClock clock;
  Metrics metrics;
  Server second(loops, {}, guard, clock, metrics, {});
  const auto port = second.listen({.host = "127.0.0.1", .port = first.port()});
  ASSERT_FALSE(port);
  EXPECT_THAT(port.error().sentence, HasSubstr("address in use"));
}

TEST(Server, refuses_politely_when_out_of_descriptors_and_recovers) {
  LocalServer server({get("/", says("home"))});
  const int waiting = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int lowest_free = ::dup(waiting);
  ::close(lowest_free);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none_left{static_cast<rlim_t>(lowest_free), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none_left);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(waiting, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  char byte = 0;
  const auto got = ::recv(waiting, &byte, 1, 0);
  ::setrlimit(RLIMIT_NOFILE, &before);
  ::close(waiting);
  EXPECT_LE(got, 0) << "refused, not left hanging";
  EXPECT_THAT(asked(server, request("GET /")), StartsWith("HTTP/1.1 200 "));
}

TEST(Server, counts_requests_and_bytes) {
  LocalServer server({get("/", says("home"))});
  asked(server, request("GET /"));
  asked(server, request("GET /no"));
  const std::string text = server.metrics().text();
  EXPECT_THAT(text, HasSubstr("butai_http_requests_total{class=\"2xx\""));
  EXPECT_THAT(text, HasSubstr("butai_net_received_bytes_total"));
}

}  // namespace
}  // namespace butai::net
