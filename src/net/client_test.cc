// Our own client against our own server, over TCP and TLS: the same cases for both.
#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "net/testing/certificate_files.h"
#include "net/testing/local_server.h"
#include "net/testing/raw_client.h"
#include "net/testing/test_socket.h"

namespace butai::net {
namespace {

using ::testing::HasSubstr;
using testing::LocalServer;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TestGuard;
using testing::TestSocket;

// Sends everything back; "close CODE" closes, "pause" stops reading until the loop is asked again.
class Echo final : public WebSocketHandler {
 public:
  void on_open(WebSocket& socket) override { socket_ = &socket; }
  void on_text(std::string_view text) override {
    if (text.starts_with("close ")) {
      return socket_->close(static_cast<std::uint16_t>(std::stoi(std::string(text.substr(6)))),
                            "as asked");
    }
    if (text == "pause") {
      socket_->pause_reading();
      socket_->send_text("paused");
      timer_ = socket_->loop().after(Millis{20}, [this] {
        socket_->send_text("resuming");
        socket_->resume_reading();
      });
      return;
    }
    socket_->send_text(text);
  }
  void on_binary(Bytes message) override { socket_->send_binary({message}); }
  void on_close(std::uint16_t, std::string_view) override { timer_.reset(); }

 private:
  WebSocket* socket_ = nullptr;
  TimerHandle timer_;
};

Policy open_policy() {
  Policy policy;
  policy.who = Who::Anyone;
  return policy;
}

std::vector<Route> echo_routes() {
  WebSocketRoute echo;
  echo.accept =
      [](const Request& request) -> std::expected<std::unique_ptr<WebSocketHandler>, Response> {
    if (request.query_value("refuse"))
      return std::unexpected(Response::problem(409, "the input is taken"));
    return std::make_unique<Echo>();
  };
  echo.limits.message_bytes_max = 16 * 1024 * 1024;
  echo.subprotocols = {"butai.v1"};
  const auto hello = [](const Request& request, ExchangePtr exchange) {
    exchange->respond(Response::text(200, "text/plain", "hello " + request.body));
  };
  // More than fetch() takes: it leaves as soon as it has read the head.
  const auto large = [bytes = Bytes(std::vector<std::uint8_t>(1 << 20))](const Request&,
                                                                         ExchangePtr exchange) {
    Response response;
    response.body.assign(2 * kFetchBytesMax / bytes.size(), bytes);
    exchange->respond(std::move(response));
  };
  return {{Method::Get, "/ws", open_policy(), echo, {}},
          {Method::Get, "/large", open_policy(), HttpHandler(large), {}},
          {Method::Get, "/hello", open_policy(), HttpHandler(hello), {}},
          {Method::Post, "/hello", open_policy(), HttpHandler(hello), {}}};
}

using Files = testing::CertificateFiles;

class ClientLoop {
 public:
  ClientLoop() { loops_.start(); }
  Loop& operator*() { return loops_[0]; }

 private:
  Loops loops_{1};
};

Expected<ClientResponse> fetched(Loop& loop, Method method, const std::string& url,
                                 const ClientOptions& options = {}, const std::string& body = "") {
  std::promise<Expected<ClientResponse>> answer;
  fetch(loop, method, url, options, body,
        [&](Expected<ClientResponse> got) { answer.set_value(std::move(got)); });
  return answer.get_future().get();
}

// Every case runs over TCP and over TLS.
class Client : public ::testing::TestWithParam<bool> {
 protected:
  Client() {
    if (secure()) {
      files_.make();
      options.pin = files_.pin();
    }
    server = std::make_unique<LocalServer>(echo_routes(), ServerOptions{}, TestGuard{},
                                           secure() ? &files_.files : nullptr);
  }
  static bool secure() { return GetParam(); }
  std::string ws(const std::string& target) const {
    return server->url(secure() ? "wss" : "ws", target);
  }
  std::string http(const std::string& target) const {
    return server->url(secure() ? "https" : "http", target);
  }

  Files files_;
  ClientOptions options;
  std::unique_ptr<LocalServer> server;
  ClientLoop loop;
};

INSTANTIATE_TEST_SUITE_P(Over, Client, ::testing::Bool(),
                         [](const auto& which) { return which.param ? "tls" : "tcp"; });

TEST_P(Client, fetches_with_and_without_a_body) {
  const auto got = fetched(*loop, Method::Get, http("/hello"), options);
  ASSERT_TRUE(got) << got.error().sentence;
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "hello ");
  EXPECT_EQ(fetched(*loop, Method::Post, http("/hello"), options, "stage")->body, "hello stage");
  EXPECT_EQ(fetched(*loop, Method::Head, http("/hello"), options)->body, "");
  EXPECT_EQ(fetched(*loop, Method::Get, http("/nothing"), options)->status, 404);
}

TEST_P(Client, leaves_in_the_middle_of_an_answer_and_the_server_goes_on) {
  for (int time = 0; time < 50; ++time) {
    EXPECT_FALSE(fetched(*loop, Method::Get, http("/large"), options));
  }
  EXPECT_EQ(fetched(*loop, Method::Get, http("/hello"), options)->body, "hello ");
}

TEST_P(Client, gets_back_every_size_of_message) {
  const auto socket = TestSocket::connect(*loop, ws("/ws"), options);
  ASSERT_EQ(socket->next()->kind, "open");
  for (const std::size_t size : {0, 1, 125, 126, 65'535, 65'536, 300'000, 5'000'000}) {
    std::string content(size, '\0');
    for (std::size_t at = 0; at < size; ++at) content[at] = static_cast<char>(at * 13 >> 4);
    socket->send_binary(Bytes::copy_of(content));
    const auto event = socket->next();
    ASSERT_TRUE(event);
    EXPECT_EQ(event->kind, "binary");
    EXPECT_TRUE(event->text == content) << size;
  }
  socket->send_text("舞台");
  EXPECT_EQ(socket->next()->text, "舞台");
}

TEST_P(Client, keeps_order_with_many_messages_in_flight) {
  const auto socket = TestSocket::connect(*loop, ws("/ws"), options);
  ASSERT_EQ(socket->next()->kind, "open");
  socket->with_socket([](WebSocket& open) {
    for (int count = 0; count < 2000; ++count)
      open.send_text(std::to_string(count) + std::string(1000, ' '));
  });
  for (int count = 0; count < 2000; ++count) {
    const auto event = socket->next();
    ASSERT_TRUE(event);
    ASSERT_EQ(std::stoi(event->text), count);
  }
}

TEST_P(Client, closes_with_the_handshake_from_either_side) {
  const auto ours = TestSocket::connect(*loop, ws("/ws"), options);
  ours->next();
  ours->close(1000, "bye");
  auto event = ours->next();
  EXPECT_EQ(event->kind, "close");
  EXPECT_EQ(event->code, 1000);
  const auto theirs = TestSocket::connect(*loop, ws("/ws"), options);
  theirs->next();
  theirs->send_text("close 4410");
  event = theirs->next();
  EXPECT_EQ(event->kind, "close");
  EXPECT_EQ(event->code, 4410);
  EXPECT_EQ(event->text, "as asked");
}

TEST_P(Client, loses_nothing_while_the_other_side_pauses_reading) {
  const auto socket = TestSocket::connect(*loop, ws("/ws"), options);
  socket->next();
  socket->with_socket([](WebSocket& open) {
    open.send_text("before");
    open.send_text("pause");
    for (int count = 0; count < 100; ++count) open.send_text(std::to_string(count));
  });
  EXPECT_EQ(socket->next()->text, "before");
  EXPECT_EQ(socket->next()->text, "paused");
  EXPECT_EQ(socket->next()->text, "resuming");
  for (int count = 0; count < 100; ++count) ASSERT_EQ(socket->next()->text, std::to_string(count));
}

TEST_P(Client, hears_why_it_was_refused) {
  const auto refused = TestSocket::connect(*loop, ws("/ws?refuse=1"), options)->next();
  EXPECT_EQ(refused->kind, "failed");
  EXPECT_EQ(refused->code, 409);
  EXPECT_EQ(refused->text, "the server answered 409: the input is taken");
  EXPECT_EQ(TestSocket::connect(*loop, ws("/hello"), options)->next()->code, 200);
}

TEST_P(Client, gets_only_the_known_subprotocol_back) {
  options.subprotocols = {"butai.v1", "bearer.secret"};
  EXPECT_EQ(TestSocket::connect(*loop, ws("/ws"), options)->next()->kind, "open");
  options.subprotocols = {"bearer.secret"};
  EXPECT_EQ(TestSocket::connect(*loop, ws("/ws"), options)->next()->kind, "open");
}

TEST_P(Client, hears_of_a_server_that_goes_away) {
  const auto socket = TestSocket::connect(*loop, ws("/ws"), options);
  socket->next();
  server.reset();
  const auto event = socket->next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->kind, "close");
  EXPECT_EQ(event->code, 1006);
}

TEST(ClientFailures, say_what_to_do) {
  ClientLoop loop;
  std::uint16_t closed_port = 0;
  {
    closed_port = LocalServer({}).port();
  }
  const std::string gone = fmt::format("ws://127.0.0.1:{}/ws", closed_port);
  EXPECT_THAT(TestSocket::connect(*loop, gone)->next()->text,
              HasSubstr("refused the connection; is the server running?"));
  EXPECT_THAT(TestSocket::connect(*loop, "http://x/")->next()->text, HasSubstr("wss://HOST"));
  EXPECT_THAT(fetched(*loop, Method::Get, "ftp://x/").error().sentence, HasSubstr("https://HOST"));
  ClientOptions bad_pin;
  bad_pin.pin = "1234";
  EXPECT_THAT(fetched(*loop, Method::Get, "https://127.0.0.1:1/", bad_pin).error().sentence,
              HasSubstr("SHA-256"));
  ClientOptions no_file;
  no_file.ca_file = "/nonexistent.pem";
  EXPECT_THAT(fetched(*loop, Method::Get, "https://127.0.0.1:1/", no_file).error().sentence,
              HasSubstr("/nonexistent.pem"));
}

TEST(ClientFailures, give_up_on_a_server_that_never_answers) {
  LocalServer server({{Method::Get,
                       "/never",
                       open_policy(),
                       HttpHandler([](const Request&, ExchangePtr exchange) {
                         auto* kept = exchange.get();
                         kept->on_gone([kept = std::make_shared<ExchangePtr>(std::move(exchange))] {
                           kept->reset();
                         });
                       }),
                       {}}});
  ClientLoop loop;
  ClientOptions hasty;
  hasty.timeout = Millis{100};
  EXPECT_THAT(fetched(*loop, Method::Get, server.url("http", "/never"), hasty).error().sentence,
              HasSubstr("no answer within"));
}

TEST(Tls, trusts_a_pin_a_ca_file_and_nothing_else) {
  Files files;
  files.make();
  LocalServer server(echo_routes(), {}, TestGuard{}, &files.files);
  ClientLoop loop;
  const std::string url = server.url("https", "/hello");
  EXPECT_THAT(fetched(*loop, Method::Get, url).error().sentence,
              HasSubstr("pass --pin FINGERPRINT printed by serve, or --ca FILE"));
  ClientOptions pinned;
  pinned.pin = files.pin();
  EXPECT_EQ(fetched(*loop, Method::Get, url, pinned)->status, 200);
  std::string colons;
  for (std::size_t at = 0; at < pinned.pin.size(); at += 2) {
    colons += (at > 0 ? ":" : "") + pinned.pin.substr(at, 2);
  }
  pinned.pin = colons;
  EXPECT_EQ(fetched(*loop, Method::Get, url, pinned)->status, 200);
  ClientOptions wrong;
  wrong.pin = std::string(64, '0');
  EXPECT_THAT(fetched(*loop, Method::Get, url, wrong).error().sentence,
              HasSubstr("its SHA-256 is " + files.pin()));
  ClientOptions authority;
  authority.ca_file = files.files.certificate;
  EXPECT_EQ(fetched(*loop, Method::Get, url, authority)->status, 200);
}

TEST(Tls, refuses_a_certificate_for_another_name) {
  Files files;
  files.make({"other.example", "192.0.2.1"});
  LocalServer server(echo_routes(), {}, TestGuard{}, &files.files);
  ClientLoop loop;
  ClientOptions authority;
  authority.ca_file = files.files.certificate;
  EXPECT_THAT(
      fetched(*loop, Method::Get, server.url("https", "/hello"), authority).error().sentence,
      HasSubstr("another name"));
}

TEST(Tls, uses_a_new_certificate_and_keeps_open_connections) {
  Files files;
  files.make();
  const std::string old_pin = files.pin();
  LocalServer server(echo_routes(), {}, TestGuard{}, &files.files);
  ClientLoop loop;
  ClientOptions pinned;
  pinned.pin = old_pin;
  const auto socket = TestSocket::connect(*loop, server.url("wss", "/ws"), pinned);
  ASSERT_EQ(socket->next()->kind, "open");
  files.make();
  const auto later = std::filesystem::file_time_type::clock::now() + Seconds{10};
  std::filesystem::last_write_time(files.files.certificate, later);
  ASSERT_NE(files.pin(), old_pin);
  pinned.pin = files.pin();
  const auto start = std::chrono::steady_clock::now();
  bool taken = false;  // files are looked at once a second
  while (!taken && std::chrono::steady_clock::now() - start < Seconds{5}) {
    taken = fetched(*loop, Method::Get, server.url("https", "/hello"), pinned).has_value();
  }
  EXPECT_TRUE(taken);
  socket->send_text("still here");
  EXPECT_EQ(socket->next()->text, "still here");
}

TEST(Tls, keeps_the_old_certificate_when_the_new_one_is_broken) {
  Files files;
  files.make();
  LocalServer server(echo_routes(), {}, TestGuard{}, &files.files);
  ClientLoop loop;
  ClientOptions pinned;
  pinned.pin = files.pin();
  std::ofstream(files.files.certificate) << "not a certificate";
  EXPECT_EQ(fetched(*loop, Method::Get, server.url("https", "/hello"), pinned)->status, 200);
  EXPECT_THAT(certificate_fingerprint(files.files.certificate).error().sentence,
              HasSubstr("is not a PEM certificate"));
}

TEST(Tls, names_the_file_that_cannot_be_used) {
  Loops loops(1);
  TestGuard guard;
  SystemClock clock;
  Metrics metrics;
  Server server(loops, {}, guard, clock, metrics, {});
  EXPECT_THAT(server.use_certificate({"/nonexistent.pem", "/nonexistent.key"}).error().sentence,
              StartsWith("/nonexistent.pem: "));
  EXPECT_THAT(server.listen({.host = "127.0.0.1", .port = 0, .tls = true}).error().sentence,
              HasSubstr("certificate"));
}

TEST(Tls, ends_a_handshake_that_does_not_come) {
  Files files;
  files.make();
  ServerOptions options;
  options.deadlines.handshake = Millis{80};
  LocalServer server(echo_routes(), options, TestGuard{}, &files.files);
  RawClient silent(server.port());
  EXPECT_EQ(silent.receive_all(), "");
  RawClient plain(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_LT(plain.receive_all().size(), 16U) << "at most an alert";
}

TEST(Tls, key_file_is_for_its_owner_only) {
  Files files;
  files.make();
  const auto permissions = std::filesystem::status(files.files.key).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

// Handshakes that are nearly right (reliability 5.3).
TEST(WebSocketUpgrade, is_checked_field_by_field) {
  LocalServer server(echo_routes());
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const auto status = [&](const std::string& line, const std::string& fields) {
    RawClient client(server.port());
    client.send(line + "\r\nHost: localhost\r\n" + fields + "\r\n");
    const std::string answer = client.receive_until("\r\n\r\n");
    return answer.size() > 12
               ? answer.substr(9, 3) +
                     (answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != std::string::npos ? " accepted"
                                                                                       : "")
               : answer;
  };
  const std::string get = "GET /ws HTTP/1.1";
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  EXPECT_EQ(status(get, upgrade + version + key), "101 accepted");
  EXPECT_EQ(
      status(get,
             "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\nsec-websocket-version: "
             "13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
      "101 accepted");
  EXPECT_EQ(status(get, upgrade + version + key + "Origin: https://elsewhere.example\r\n"),
            "101 accepted");
  EXPECT_EQ(
      status(get, upgrade + version + key + "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
      "101 accepted");
  EXPECT_EQ(status(get, upgrade + key), "426");
  EXPECT_EQ(status(get, upgrade + key + "Sec-WebSocket-Version: 8\r\n"), "426");
  EXPECT_EQ(status(get, upgrade + version), "400");
  EXPECT_EQ(status(get, upgrade + version + "Sec-WebSocket-Key: short\r\n"), "400");
  EXPECT_EQ(status(get, upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSE=====\r\n"),
            "400");
  EXPECT_EQ(status(get, upgrade + version + key + key), "400");
  EXPECT_EQ(status(get, "Upgrade: websocket\r\n" + version + key), "426");
  EXPECT_EQ(status(get, "Connection: Upgrade\r\n" + version + key), "426");
  EXPECT_EQ(status("GET /ws HTTP/1.0", upgrade + version + key), "400");
  EXPECT_EQ(status("POST /ws HTTP/1.1", upgrade + version + key), "405");
  EXPECT_EQ(status(get, upgrade + version + key + "Content-Length: 3\r\n"), "400");
  EXPECT_EQ(status(get, ""), "426");
}

TEST(WebSocketUpgrade, never_offers_compression) {
  LocalServer server(echo_routes());
  RawClient client(server.port());
  client.send(
      "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: "
      "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: "
      "permessage-deflate\r\n"
      "Sec-WebSocket-Protocol: bearer.secret, butai.v1\r\n\r\n");
  const std::string head = client.receive_until("\r\n\r\n");
  EXPECT_THAT(head, ::testing::Not(HasSubstr("Extensions")));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Protocol: butai.v1\r\n"));
  EXPECT_THAT(head, ::testing::Not(HasSubstr("secret")));
}

TEST(WebSocketUpgrade, takes_frames_that_came_with_the_handshake) {
  LocalServer server(echo_routes());
  RawClient client(server.port());
  client.send(std::string("GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: "
                          "websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n") +
              std::string("\x81\x82\0\0\0\0hi", 8));
  client.receive_until("\r\n\r\n");
  EXPECT_EQ(client.receive_exactly(4), "\x81\x02hi");
}

}  // namespace
}  // namespace butai::net
