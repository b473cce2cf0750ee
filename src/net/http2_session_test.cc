// HTTP/2 as a pair in memory: our session, nghttp2's client or frames by hand on the other side.
#include "net/http2_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <functional>
#include <map>

#include "net/limits.h"
#include "net/testing/http2_peer.h"

namespace butai::net {
namespace {

using ::testing::ElementsAre;
using testing::Fields;
using testing::frame;
using testing::get;
using ::testing::HasSubstr;
using testing::Http2Peer;
using testing::Last;
using testing::operator+;
using namespace std::string_literals;
using namespace std::chrono_literals;

// Writes down what it is told; `answer` is called for whole requests.
struct Told final : Http2User {
  void on_head(StreamId id, std::expected<MessageHead, HttpError> head, BodyComing body) override {
    if (!head) {
      events.push_back(fmt::format("refused {} {}", id, status_of(head.error())));
      return;
    }
    events.push_back(fmt::format("{} {} {}", head->method, id, head->target));
    heads[id] = *head;
    if (body == BodyComing::No && answer) answer(id);
  }
  void on_body(StreamId id, ByteView bytes) override { bodies[id] += as_text(bytes); }
  void on_body_end(StreamId id) override {
    events.push_back(fmt::format("body {}", id));
    if (answer) answer(id);
  }
  void on_closed(StreamId id) override { events.push_back(fmt::format("closed {}", id)); }

  std::vector<std::string> events;
  std::map<StreamId, MessageHead> heads;
  std::map<StreamId, std::string> bodies;
  std::function<void(StreamId)> answer;
};

class Http2 : public ::testing::Test {
 protected:
  void say(StreamId id, std::string_view text) {
    session.answer(id, 200, {}, {Bytes::copy_of(text)}, Http2Session::Body::Whole);
  }
  void receive(std::string_view bytes) { session.receive(as_bytes(bytes), now); }
  std::string sent(std::size_t most = 1'000'000) {
    std::string all;
    for (const Bytes& piece : session.take(most)) all += piece.text();
    return all;
  }
  // Both sides until neither has anything to say.
  void settle() {
    for (bool more = true; more;) {
      const std::string up = peer.out();
      receive(up);
      const std::string down = sent();
      ASSERT_TRUE(peer.in(as_bytes(down)));
      more = !up.empty() || !down.empty();
    }
  }
  // Sends by hand and takes what comes back, `times` over, until a fault ends it.
  int repeat(int times, const std::function<std::string(int)>& bytes) {
    int done = 0;
    for (; done < times && session.fault() == Http2Fault::None; ++done) {
      receive(bytes(done));
      sent();
    }
    return done;
  }

  Steady now{1h};
  Told told;
  Http2Session session{told};
  Http2Peer peer;
};

TEST_F(Http2, tells_a_request_and_sends_its_answer) {
  told.answer = [&](StreamId id) { say(id, "stage"); };
  const StreamId id = peer.ask(get("/hello?a=b") +
                               Fields{{"cookie", "a=1"}, {"cookie", "b=2"}, {"te", "trailers"}});
  settle();
  EXPECT_THAT(told.events, ElementsAre("GET 1 /hello?a=b", "closed 1"));
  EXPECT_EQ(told.heads[id].version, 20);
  EXPECT_EQ(told.heads[id].headers.find("Host"), "localhost");
  EXPECT_EQ(told.heads[id].headers.find("Cookie"), "a=1; b=2");
  EXPECT_EQ(peer.answer(id).status, 200);
  EXPECT_EQ(peer.answer(id).body, "stage");
  EXPECT_TRUE(peer.answer(id).ended);
  EXPECT_EQ(session.streams(), 0u);
}

TEST_F(Http2, announces_its_limits_and_offers_neither_push_nor_websocket) {
  settle();
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS), kHttp2StreamsMax);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE), kHeadBytesMax);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES), 1u);
  EXPECT_EQ(peer.setting(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL), 0u);
  EXPECT_EQ(peer.upload_window(), static_cast<std::int32_t>(kHttp2UploadWindow));
}

TEST_F(Http2, leaves_out_fields_of_the_connection_and_those_that_split) {
  Headers headers;
  headers.add("Connection", "close");
  headers.add("Transfer-Encoding", "chunked");
  headers.add("X-Good", "yes");
  headers.add("X-Bad", "a\r\nb");
  told.answer = [&](StreamId id) {
    session.answer(id, 204, headers, {}, Http2Session::Body::None);
  };
  const StreamId id = peer.get("/");
  settle();
  EXPECT_THAT(peer.answer(id).fields,
              ElementsAre(::testing::Pair(":status", "204"), ::testing::Pair("x-good", "yes")));
}

TEST_F(Http2, sends_a_big_body_without_copying_it) {
  const Bytes body = Bytes::copy_of(std::string(60'000, 'x'));
  told.answer = [&](StreamId id) {
    session.answer(id, 200, {}, {body}, Http2Session::Body::Whole);
  };
  peer.get("/");
  receive(peer.out());
  std::size_t shared = 0;
  for (const Bytes& piece : session.take(1'000'000)) {
    if (piece.data() >= body.data() && piece.data() < body.data() + body.size()) {
      shared += piece.size();
    }
  }
  EXPECT_EQ(shared, body.size());
}

TEST_F(Http2, a_batch_is_bounded_and_the_rest_comes_with_the_next) {
  told.answer = [&](StreamId id) { say(id, std::string(60'000, 'x')); };
  const StreamId id = peer.get("/");
  receive(peer.out());
  const std::string first = sent(20'000);
  EXPECT_LT(first.size(), 40'000u);
  EXPECT_GT(session.waiting(id), 20'000u);
  ASSERT_TRUE(peer.in(as_bytes(first)));
  settle();
  EXPECT_EQ(peer.answer(id).body.size(), 60'000u);
}

TEST_F(Http2, answers_in_any_order_and_piece_by_piece) {
  const StreamId held = peer.get("/held");
  const StreamId pieces = peer.get("/pieces");
  const StreamId now_answered = peer.get("/now");
  settle();
  say(now_answered, "now");
  session.answer(pieces, 200, {}, {}, Http2Session::Body::Pieces);
  settle();
  EXPECT_EQ(peer.answer(now_answered).body, "now");
  session.write(pieces, {Bytes::copy_of("one"), Bytes(), Bytes::copy_of("two")});
  settle();
  EXPECT_EQ(peer.answer(pieces).body, "onetwo");
  EXPECT_FALSE(peer.answer(pieces).ended);
  session.write(pieces, {Bytes::copy_of("three")});
  session.finish(pieces);
  say(held, "at last");
  settle();
  EXPECT_EQ(peer.answer(pieces).body, "onetwothree");
  EXPECT_TRUE(peer.answer(pieces).ended);
  EXPECT_EQ(peer.answer(held).body, "at last");
}

TEST_F(Http2, releases_fifty_held_requests_in_one_batch) {
  std::vector<StreamId> held;
  for (int i = 0; i < 50; ++i) held.push_back(peer.get("/held"));
  settle();
  for (const StreamId id : held) say(id, "released");
  ASSERT_TRUE(peer.in(as_bytes(sent())));
  for (const StreamId id : held) EXPECT_EQ(peer.answer(id).body, "released");
}

// The order in which bodies leave, as the letters they are made of.
std::string order_of(Http2Peer& peer, Http2Session& session, const std::vector<StreamId>& ids) {
  std::string order;
  std::map<StreamId, std::size_t> seen;
  for (std::vector<Bytes> batch; !(batch = session.take(1)).empty();) {
    for (const Bytes& piece : batch) peer.in(piece);
    for (const StreamId id : ids) {
      const std::string& body = peer.answer(id).body;
      if (body.size() > seen[id] && (order.empty() || order.back() != body[0])) order += body[0];
      seen[id] = body.size();
    }
  }
  return order;
}

TEST_F(Http2, an_urgent_answer_overtakes_by_its_own_word_by_the_clients_and_by_an_update) {
  struct Case {
    std::string name, first_asks, second_asks, second_says, update, order;
  };
  const std::vector<Case> cases = {
      {"nobody says anything: in order", "", "", "", "", "ab"},
      {"the client asks", "u=5", "u=1", "", "", "ba"},
      {"the answer stands over the client", "u=2", "u=6", "u=1", "", "ba"},
      {"the client changes its mind", "u=5", "u=5", "", "u=0", "ba"},
      {"two that share", "i", "i", "", "", "abab"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Told user;
    Http2Session server(user);
    Http2Peer client;
    const auto ask = [&](const std::string& priority) {
      return client.ask(priority.empty() ? get("/") : get("/") + Fields{{"priority", priority}});
    };
    const StreamId a = ask(c.first_asks);
    const StreamId b = ask(c.second_asks);
    server.receive(as_bytes(client.out()), now);
    if (!c.update.empty()) client.reprioritise(b, c.update);
    for (const Bytes& piece : server.take(100'000)) client.in(piece);
    server.receive(as_bytes(client.out()), now);
    Headers says;
    if (!c.second_says.empty()) says.add("Priority", c.second_says);
    const auto body = [](char letter) {
      return std::vector{Bytes::copy_of(std::string(30'000, letter))};
    };
    server.answer(a, 200, {}, body('a'), Http2Session::Body::Whole);
    server.answer(b, 200, says, body('b'), Http2Session::Body::Whole);
    EXPECT_EQ(order_of(client, server, {a, b}), c.order);
  }
}

TEST_F(Http2, reads_bodies_and_gives_their_window_back_when_they_are_whole) {
  told.answer = [&](StreamId id) { say(id, "thanks"); };
  const std::string body(200'000, 'b');
  for (int time = 0; time < 8; ++time) {
    const StreamId id = peer.ask(
        {{":method", "POST"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}}, body);
    settle();
    EXPECT_EQ(told.bodies[id], body);
    EXPECT_EQ(peer.answer(id).body, "thanks");
  }
  EXPECT_GE(peer.upload_window(), static_cast<std::int32_t>(kHttp2UploadWindow / 2));
}

TEST_F(Http2, unfinished_bodies_of_a_connection_are_bounded_together) {
  receive(testing::greeting());
  const Fields post = {
      {":method", "POST"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}};
  std::size_t got = 0;
  for (StreamId id = 1; id < 120 && session.fault() == Http2Fault::None; id += 2) {
    receive(testing::headers(id, post, Last::No));
    for (int i = 0; i < 3; ++i) receive(frame(NGHTTP2_DATA, 0, id, std::string(16'384, 'x')));
    sent();
    got = 0;
    for (const auto& [stream, body] : told.bodies) got += body.size();
  }
  EXPECT_EQ(session.fault(), Http2Fault::Protocol) << "the peer went over the window";
  EXPECT_LE(got, kHttp2UploadWindow);
}

TEST_F(Http2, an_answer_before_the_body_is_whole_closes_the_stream) {
  receive(testing::greeting() +
          testing::headers(
              1, {{":method", "POST"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}},
              Last::No));
  say(1, "no");
  const std::string answer = sent();
  EXPECT_THAT(answer, HasSubstr(frame(NGHTTP2_RST_STREAM, 0, 1, "\0\0\0\0"s)));
  EXPECT_EQ(session.streams(), 0u);
  receive(frame(NGHTTP2_DATA, 0, 1, "late"));
  EXPECT_EQ(session.fault(), Http2Fault::None);
}

TEST_F(Http2, refuses_every_malformed_request_and_goes_on) {
  struct Case {
    std::string name;
    Fields fields;
  };
  const Fields good = get("/");
  const std::vector<Case> cases = {
      {"upper-case name", good + Fields{{"X-Upper", "a"}}},
      {"space in a name", good + Fields{{"x y", "a"}}},
      {"empty name", good + Fields{{"", "a"}}},
      {"line feed in a value", good + Fields{{"x", "a\r\nhost: b"}}},
      {"NUL in a value", good + Fields{{"x", "a\0b"s}}},
      {"white space around a value", good + Fields{{"x", " a"}}},
      {"connection", good + Fields{{"connection", "close"}}},
      {"keep-alive", good + Fields{{"keep-alive", "1"}}},
      {"upgrade", good + Fields{{"upgrade", "websocket"}}},
      {"transfer-encoding", good + Fields{{"transfer-encoding", "chunked"}}},
      {"te other than trailers", good + Fields{{"te", "gzip"}}},
      {"a field before the method", Fields{{"x", "a"}} + good},
      {"path twice", good + Fields{{":path", "/b"}}},
      {"unknown pseudo-field", good + Fields{{":shadow", "a"}}},
      {"an answer's pseudo-field", good + Fields{{":status", "200"}}},
      {"no path", {{":method", "GET"}, {":scheme", "https"}, {":authority", "localhost"}}},
      {"no method", {{":scheme", "https"}, {":authority", "localhost"}, {":path", "/"}}},
      {"no authority and no host", {{":method", "GET"}, {":scheme", "https"}, {":path", "/"}}},
      {"path without slash",
       {{":method", "GET"}, {":scheme", "https"}, {":authority", "a"}, {":path", "a"}}},
      {"two names of the host", good + Fields{{"host", "other"}}},
      {"plain http",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}}},
      {"RFC 8441 without an offer",
       {{":method", "CONNECT"},
        {":scheme", "https"},
        {":authority", "a"},
        {":path", "/"},
        {":protocol", "websocket"}}},
      {"length twice", good + Fields{{"content-length", "3"}, {"content-length", "4"}}},
      {"length no number", good + Fields{{"content-length", "+3"}}},
      {"length without a body", good + Fields{{"content-length", "3"}}},
  };
  receive(testing::greeting());
  told.answer = [&](StreamId id) { say(id, "home"); };
  StreamId id = 1;
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.name);
    receive(testing::headers(id, bad.fields));
    EXPECT_THAT(sent(), HasSubstr(frame(NGHTTP2_RST_STREAM, 0, id,
                                        testing::big_endian(NGHTTP2_PROTOCOL_ERROR, 4))));
    id += 2;
  }
  EXPECT_THAT(told.heads, ::testing::IsEmpty());
  receive(testing::headers(id, good));
  EXPECT_THAT(sent(), HasSubstr("home"));
}

TEST_F(Http2, refuses_a_body_of_another_length_than_said) {
  const Fields post = {{":method", "POST"},
                       {":scheme", "https"},
                       {":authority", "x"},
                       {":path", "/"},
                       {"content-length", "5"}};
  receive(testing::greeting());
  const auto end = static_cast<std::uint8_t>(NGHTTP2_FLAG_END_STREAM);
  receive(testing::headers(1, post, Last::No) + frame(NGHTTP2_DATA, end, 1, "1234"));
  receive(testing::headers(3, post, Last::No) + frame(NGHTTP2_DATA, 0, 3, "123456"));
  const std::string answer = sent();
  const std::string why = testing::big_endian(NGHTTP2_PROTOCOL_ERROR, 4);
  EXPECT_THAT(answer, HasSubstr(frame(NGHTTP2_RST_STREAM, 0, 1, why)));
  EXPECT_THAT(answer, HasSubstr(frame(NGHTTP2_RST_STREAM, 0, 3, why)));
  EXPECT_THAT(told.events, ElementsAre("POST 1 /", "POST 3 /", "closed 1", "closed 3"));
}

TEST_F(Http2, tells_a_head_that_is_too_large_and_goes_on) {
  Fields many = get("/");
  for (std::size_t i = 0; i <= kHeaderCountMax; ++i) many.emplace_back(fmt::format("x-{}", i), "y");
  const StreamId crowd = peer.ask(many);
  const StreamId large = peer.ask(get("/") + Fields{{"x", std::string(33 * 1024, 'x')}});
  settle();
  EXPECT_THAT(told.events, ::testing::UnorderedElementsAre("refused 1 431", "refused 3 431"));
  told.answer = [&](StreamId id) { say(id, "home"); };
  const StreamId good = peer.get("/");
  settle();
  EXPECT_EQ(peer.answer(good).body, "home");
  EXPECT_EQ(peer.answer(crowd).status + peer.answer(large).status, 0);
}

// One field of 4 KB is put into the table, then named by one byte, again and again.
TEST_F(Http2, ends_an_hpack_bomb) {
  std::string bomb = testing::block(get("/"));
  bomb += "\x40\x01x\x7f\xa1\x1e"s + std::string(4'000, 'x');  // literal, indexed: 4000 bytes
  bomb += std::string(10'000, '\xbe');                         // index 62, each 4 KB
  receive(testing::greeting() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, bomb));
  EXPECT_EQ(session.fault(), Http2Fault::Headers);
  EXPECT_THAT(told.events, ::testing::IsEmpty());
}

TEST_F(Http2, ends_a_flood_of_continuations) {
  receive(testing::greeting() + frame(NGHTTP2_HEADERS, 0, 1, testing::block(get("/"))));
  EXPECT_TRUE(session.head_open());
  const int done = repeat(
      1000, [](int) { return frame(NGHTTP2_CONTINUATION, 0, 1, testing::block({{"x", "y"}})); });
  EXPECT_LE(done, static_cast<int>(kHttp2ContinuationsMax) + 1);
  EXPECT_EQ(session.fault(), Http2Fault::Headers);
}

TEST_F(Http2, reads_a_head_in_continuations_that_come_byte_by_byte) {
  const std::string head = testing::block(get("/"));
  std::string bytes =
      testing::greeting() + frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, head.substr(0, 10));
  for (std::size_t i = 1; i < kHttp2ContinuationsMax; ++i) {
    bytes += frame(NGHTTP2_CONTINUATION, 0, 1, head.substr(10 * i, 10));
  }
  bytes += frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1,
                 head.substr(10 * kHttp2ContinuationsMax));
  for (const char byte : bytes) receive({&byte, 1});
  EXPECT_THAT(told.events, ElementsAre("GET 1 /"));
}

TEST_F(Http2, a_page_that_is_left_may_reset_its_streams_but_a_rapid_reset_ends) {
  receive(testing::greeting());
  const auto reset = [](int i) {
    return testing::headers(2 * i + 1, get("/")) + testing::rst(2 * i + 1);
  };
  EXPECT_EQ(repeat(kHttp2ResetsMax, reset), kHttp2ResetsMax);
  EXPECT_EQ(session.fault(), Http2Fault::None);
  now += 1s;
  EXPECT_EQ(repeat(kHttp2ResetsPerSecond, [&](int i) { return reset(kHttp2ResetsMax + i); }),
            kHttp2ResetsPerSecond);
  EXPECT_EQ(session.fault(), Http2Fault::None);
  receive(reset(kHttp2ResetsMax + kHttp2ResetsPerSecond));
  EXPECT_EQ(session.fault(), Http2Fault::Resets);
  EXPECT_THAT(sent(), HasSubstr(testing::big_endian(NGHTTP2_ENHANCE_YOUR_CALM, 4)));
  EXPECT_TRUE(session.over());
}

// The peer never resets: it makes us do it, and our handlers run on.
TEST_F(Http2, a_peer_that_makes_us_reset_its_streams_is_ended_as_well) {
  const std::vector<std::pair<std::string, std::function<std::string(StreamId)>>> ways = {
      {"a window of zero", [](StreamId id) { return testing::window_update(id, 0); }},
      {"a window too large", [](StreamId id) { return testing::window_update(id, 0x7fffffff); }},
      {"data behind the end", [](StreamId id) { return frame(NGHTTP2_DATA, 0, id, "x"); }},
      {"fields behind the end", [](StreamId id) { return testing::headers(id, {{"x", "y"}}); }},
      {"a malformed head", [](StreamId) { return ""s; }},
  };
  for (const auto& [name, way] : ways) {
    SCOPED_TRACE(name);
    Told user;
    Http2Session server(user);
    server.receive(as_bytes(testing::greeting()), now);
    int done = 0;
    for (StreamId id = 1; done < 1000 && server.fault() == Http2Fault::None; id += 2, ++done) {
      const Fields fields = way(id).empty() ? get("/") + Fields{{"te", "x"}} : get("/");
      server.receive(as_bytes(testing::headers(id, fields) + way(id)), now);
      server.take(100'000);
    }
    EXPECT_LE(done, kHttp2ResetsMax + 1);
    EXPECT_NE(server.fault(), Http2Fault::None);
  }
}

TEST_F(Http2, frames_that_carry_nothing_are_bounded_each_kind) {
  const std::string priority = testing::big_endian(0, 4) + "\x10";
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"PING", frame(NGHTTP2_PING, 0, 0, "12345678")},
      {"PING answers", frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, "12345678")},
      {"SETTINGS", frame(NGHTTP2_SETTINGS, 0, 0, "")},
      {"PRIORITY", frame(NGHTTP2_PRIORITY, 0, 1, priority)},
      {"PRIORITY_UPDATE", frame(NGHTTP2_PRIORITY_UPDATE, 0, 0, testing::big_endian(1, 4) + "u=1")},
      {"WINDOW_UPDATE", testing::window_update(0, 1)},
      {"empty DATA", frame(NGHTTP2_DATA, 0, 1, "")},
      {"unknown", frame(0xfa, 0, 0, "x")},
  };
  const Fields post = {
      {":method", "POST"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}};
  for (const auto& [name, bytes] : kinds) {
    SCOPED_TRACE(name);
    Told user;
    Http2Session server(user);
    server.receive(as_bytes(testing::greeting() + testing::headers(1, post, Last::No)), now);
    int done = 0;
    for (; done < 10'000 && server.fault() == Http2Fault::None; ++done) {
      server.receive(as_bytes(bytes), now);
      server.take(100'000);
    }
    EXPECT_LE(done, kHttp2ControlsMax + 1);
    EXPECT_EQ(server.fault(), Http2Fault::Controls);
  }
}

TEST_F(Http2, a_client_that_reads_a_long_answer_is_never_taken_for_a_flood) {
  told.answer = [&](StreamId id) {
    session.answer(id, 200, {}, {Bytes(std::vector<std::uint8_t>(64 * 1024 * 1024))},
                   Http2Session::Body::Whole);
  };
  const StreamId id = peer.get("/");
  settle();
  EXPECT_EQ(peer.answer(id).body.size(), 64u * 1024 * 1024);
  EXPECT_EQ(session.fault(), Http2Fault::None);
}

TEST_F(Http2, a_trickle_of_tiny_windows_is_ended) {
  const std::string no_window = "\0\4"s + testing::big_endian(0, 4);
  receive(std::string(NGHTTP2_CLIENT_MAGIC, NGHTTP2_CLIENT_MAGIC_LEN) +
          frame(NGHTTP2_SETTINGS, 0, 0, no_window) + testing::headers(1, get("/")));
  say(1, std::string(100'000, 'x'));
  sent();
  EXPECT_TRUE(session.blocked(1));
  EXPECT_LE(repeat(10'000, [](int) { return testing::window_update(1, 1); }),
            kHttp2ControlsMax + 1);
  EXPECT_EQ(session.fault(), Http2Fault::Controls);
}

TEST_F(Http2, more_streams_than_allowed_are_refused) {
  const auto ask = [&](int i) { receive(testing::headers(2 * i + 1, get("/"))); };
  receive(testing::greeting());
  sent();
  receive(frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, ""));
  const int most = static_cast<int>(kHttp2StreamsMax);
  for (int i = 0; i < most; ++i) ask(i);
  EXPECT_EQ(session.streams(), kHttp2StreamsMax);
  ask(most);
  sent();
  EXPECT_EQ(told.heads.size(), kHttp2StreamsMax);
  EXPECT_EQ(session.fault(), Http2Fault::Protocol) << "it knew";
}

TEST_F(Http2, what_waits_for_a_peer_that_never_reads_is_bounded) {
  receive(testing::greeting());
  int asked = 0;
  for (; asked < 10'000 && session.fault() == Http2Fault::None; ++asked) {
    receive(testing::headers(2 * asked + 1, get("/")));
  }
  EXPECT_EQ(session.fault(), Http2Fault::Controls);
  EXPECT_LE(asked, static_cast<int>(kHttp2StreamsMax + kHttp2QueueMax) + 1);
  EXPECT_LE(told.heads.size(), kHttp2StreamsMax);
}

TEST_F(Http2, garbage_is_a_fault_and_told_with_goaway) {
  receive("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(session.fault(), Http2Fault::Protocol);
  sent();
  EXPECT_TRUE(session.over());

  Told user;
  Http2Session other(user);
  other.receive(as_bytes(testing::greeting() + frame(NGHTTP2_DATA, 0, 1, "on no stream")), now);
  other.take(10'000);
  EXPECT_EQ(other.fault(), Http2Fault::Protocol);
  EXPECT_TRUE(other.over());
}

TEST_F(Http2, says_goodbye_twice_and_answers_what_was_on_its_way) {
  const StreamId early = peer.get("/early");
  settle();
  session.announce_end();
  ASSERT_TRUE(peer.in(as_bytes(sent())));
  EXPECT_EQ(peer.goaway(), 0u);
  receive(testing::headers(3, get("/crossed")));
  session.end();
  sent();
  receive(testing::headers(5, get("/too-late")));
  EXPECT_THAT(told.events, ElementsAre("GET 1 /early", "GET 3 /crossed"));
  EXPECT_FALSE(session.over());
  say(early, "one");
  say(3, "two");
  EXPECT_THAT(sent(), HasSubstr("two"));
  EXPECT_TRUE(session.over());
}

TEST_F(Http2, a_reset_stream_is_told_and_its_answer_thrown_away) {
  const StreamId id = peer.get("/");
  settle();
  say(id, std::string(200'000, 'x'));
  sent(1'000);
  peer.reset(id);
  receive(peer.out());
  EXPECT_THAT(told.events, ElementsAre("GET 1 /", "closed 1"));
  EXPECT_EQ(session.waiting(id), 0u);
  session.write(id, {Bytes::copy_of("nobody")});
  session.finish(id);
  EXPECT_THAT(sent(), ::testing::Not(HasSubstr("nobody")));
}

}  // namespace
}  // namespace butai::net
