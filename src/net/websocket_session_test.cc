// Cases after Autobahn's sections 1 to 7 (reliability 5.3), in memory: a client session and a
// server session as a pair, and raw bytes against a server session. Every case runs with its bytes
// whole, one by one, and in pieces of 997.
#include "net/websocket_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace butai::net {
namespace {

using Role = WebSocketSession::Role;
using Bits = std::vector<std::uint8_t>;

constexpr MaskKey kMask{0x11, 0x22, 0x33, 0x44};

// What a session did, written down in words.
class Recorder : public WebSocketSession::User {
 public:
  virtual ~Recorder() = default;

  void transmit(ByteView head, std::span<const Bytes> pieces) override {
    sent.insert(sent.end(), head.begin(), head.end());
    for (const Bytes& piece : pieces)
      sent.insert(sent.end(), piece.view().begin(), piece.view().end());
  }
  std::size_t unsent() const override { return waiting; }
  MaskKey new_mask() override { return kMask; }
  void on_text(std::string_view text) override { events.push_back(fmt::format("text {}", text)); }
  void on_binary(Bytes message) override {
    events.push_back(fmt::format("binary {}", message.size()));
    last = message;
  }
  void on_finished(std::uint16_t code, std::string_view reason) override {
    events.push_back(fmt::format("finished {} {}", code, reason));
    finished_code = code;
  }

  Bits sent;
  std::vector<std::string> events;
  Bytes last;
  std::size_t waiting = 0;
  int finished_code = 0;
};

WebSocketLimits wide() {
  WebSocketLimits limits;
  limits.message_bytes_max = 16 * 1024 * 1024;
  return limits;
}

// A client's frame, byte by byte as told.
Bits frame(std::uint8_t first, std::string_view payload, bool masked = true) {
  Bits bytes{first};
  const std::uint8_t mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    bytes.push_back(static_cast<std::uint8_t>(mask_bit | payload.size()));
  } else if (payload.size() <= 0xFFFF) {
    bytes.push_back(mask_bit | 126);
    bytes.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
    bytes.push_back(static_cast<std::uint8_t>(payload.size()));
  } else {
    bytes.push_back(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(payload.size() >> shift));
  }
  if (masked) bytes.insert(bytes.end(), kMask.begin(), kMask.end());
  for (std::size_t at = 0; at < payload.size(); ++at) {
    const auto byte = static_cast<std::uint8_t>(payload[at]);
    bytes.push_back(masked ? static_cast<std::uint8_t>(byte ^ kMask[at % 4]) : byte);
  }
  return bytes;
}

constexpr std::uint8_t kFinal = 0x80;
Bits text(std::string_view payload) { return frame(kFinal | 0x1, payload); }
Bits binary(std::string_view payload) { return frame(kFinal | 0x2, payload); }
Bits ping(std::string_view payload) { return frame(kFinal | 0x9, payload); }
Bits pong(std::string_view payload) { return frame(kFinal | 0xA, payload); }
Bits close_frame(std::string_view payload) { return frame(kFinal | 0x8, payload); }
Bits close_code(int code, std::string_view reason = "") {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  return close_frame(payload.append(reason));
}
Bits operator+(Bits a, const Bits& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

struct Played {
  std::vector<std::string> events;
  Bits sent;
  int finished_code = 0;
};

// Plays bytes into a server session; `chop` 0 gives them whole.
Played play(const Bits& bytes, std::size_t chop, const WebSocketLimits& limits = wide()) {
  Recorder user;
  const Steady now{};
  WebSocketSession session(Role::Server, limits, user, now);
  const std::size_t step = chop == 0 ? std::max<std::size_t>(bytes.size(), 1) : chop;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    session.receive(ByteView(bytes).subspan(at, std::min(step, bytes.size() - at)), now);
  }
  return {user.events, user.sent, user.finished_code};
}

// The code in the close frame that the server sent last; 0 when it sent none, 1005 when bare.
int sent_close(const Bits& sent) {
  std::size_t at = 0;
  int code = 0;
  while (at + 2 <= sent.size()) {
    std::size_t length = sent[at + 1];
    std::size_t head = 2;
    if (length == 126) {
      length = static_cast<std::size_t>(sent[at + 2] << 8 | sent[at + 3]);
      head = 4;
    }
    if ((sent[at] & 0xF) == 0x8)
      code = length < 2 ? 1005 : sent[at + head] << 8 | sent[at + head + 1];
    at += head + length;
  }
  return code;
}

constexpr std::size_t kChops[] = {0, 1, 997};

struct Case {
  std::string name;
  Bits bytes;
  std::vector<std::string> events;
  int close = 0;  // code of the close frame that the server sends; 0: none
};

void expect_cases(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    for (const std::size_t chop : kChops) {
      SCOPED_TRACE(fmt::format("{} in pieces of {}", each.name, chop));
      const Played run = play(each.bytes, chop);
      std::vector<std::string> kinds;
      for (const std::string& event : run.events) {
        kinds.push_back(event.starts_with("finished") ? event.substr(0, event.find(' ', 9))
                                                      : event);
      }
      EXPECT_EQ(kinds, each.events);
      EXPECT_EQ(sent_close(run.sent), each.close);
    }
  }
}

Case refused(std::string name, Bits bytes, int code, std::vector<std::string> before = {}) {
  before.push_back(fmt::format("finished {}", code));
  return {std::move(name), std::move(bytes), std::move(before), code};
}

TEST(WebSocketSession, section_1_every_size_of_text_and_binary_arrives_both_ways) {
  const Steady now{};
  for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65'535, 65'536, 1'000'003}) {
    for (const std::size_t chop : kChops) {
      for (const Role sender_role : {Role::Client, Role::Server}) {
        if (chop == 1 && size > 100'000) continue;
        SCOPED_TRACE(fmt::format("{} bytes in pieces of {}", size, chop));
        Recorder from;
        Recorder to;
        WebSocketSession sender(sender_role, wide(), from, now);
        WebSocketSession receiver(sender_role == Role::Client ? Role::Server : Role::Client, wide(),
                                  to, now);
        Bits content(size);
        for (std::size_t at = 0; at < size; ++at)
          content[at] = static_cast<std::uint8_t>(at * 31 >> 2);
        const Bytes all(content);
        sender.send_binary({all.slice(0, size / 3), all.slice(size / 3, size - size / 3)});
        sender.send_text(std::string(size, '*'));
        const std::size_t step = chop == 0 ? from.sent.size() : chop;
        for (std::size_t at = 0; at < from.sent.size(); at += step) {
          receiver.receive(ByteView(from.sent).subspan(at, std::min(step, from.sent.size() - at)),
                           now);
        }
        ASSERT_EQ(to.events.size(), 2U);
        EXPECT_TRUE(std::ranges::equal(to.last.view(), content));
        EXPECT_TRUE(to.events[1] == "text " + std::string(size, '*'));
      }
    }
  }
}

TEST(WebSocketSession, section_2_pings_are_answered_and_pongs_ignored) {
  for (const std::size_t chop : kChops) {
    for (const std::string& payload : {std::string(), std::string("hello"),
                                       std::string("\0\xff\xfe", 3), std::string(125, 'p')}) {
      const Played run = play(ping(payload), chop);
      EXPECT_EQ(run.sent, frame(kFinal | 0xA, payload, false));
      EXPECT_TRUE(run.events.empty());
    }
    Bits ten;
    Bits answers;
    for (int count = 0; count < 10; ++count) {
      ten = ten + ping(fmt::format("payload-{}", count));
      answers = answers + frame(kFinal | 0xA, fmt::format("payload-{}", count), false);
    }
    EXPECT_EQ(play(ten, chop).sent, answers);
    EXPECT_TRUE(play(pong("unsolicited"), chop).sent.empty());
  }
  expect_cases({refused("ping of 126 bytes", ping(std::string(126, 'p')), 1002),
                refused("pong of 126 bytes", pong(std::string(126, 'p')), 1002),
                refused("fragmented ping", frame(0x9, "x"), 1002),
                refused("fragmented pong", frame(0xA, "x"), 1002)});
}

TEST(WebSocketSession, sections_3_and_4_reserved_bits_and_opcodes_are_refused) {
  std::vector<Case> cases;
  for (int bits = 1; bits < 8; ++bits) {
    for (const int opcode : {0x1, 0x2, 0x8, 0x9, 0xA}) {
      const auto first = static_cast<std::uint8_t>(kFinal | bits << 4 | opcode);
      cases.push_back(refused(fmt::format("reserved bits {} with opcode {}", bits, opcode),
                              frame(first, "x"), 1002));
      cases.push_back(
          refused(fmt::format("reserved bits {} with opcode {} after text", bits, opcode),
                  text("good") + frame(first, "x") + ping(""), 1002, {"text good"}));
    }
  }
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    const auto first = static_cast<std::uint8_t>(kFinal | opcode);
    cases.push_back(refused(fmt::format("opcode {} empty", opcode), frame(first, ""), 1002));
    cases.push_back(refused(fmt::format("opcode {} with payload after text", opcode),
                            text("good") + frame(first, "x"), 1002, {"text good"}));
  }
  cases.push_back(refused("unmasked text", frame(kFinal | 0x1, "x", false), 1002));
  cases.push_back(refused("unmasked close", frame(kFinal | 0x8, "", false), 1002));
  cases.push_back(
      refused("length with its top bit", {0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1}, 1002));
  cases.back().bytes.insert(cases.back().bytes.end(), {1, 2, 3, 4});
  cases.push_back(
      refused("2-byte length of a small frame", {0x82, 0xFE, 0, 1, 1, 2, 3, 4, 0}, 1002));
  cases.push_back(refused("8-byte length of a small frame",
                          {0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 0}, 1002));
  expect_cases(cases);
}

TEST(WebSocketSession, section_5_fragments_make_a_message_and_their_order_is_checked) {
  const Bits a = frame(0x1, "frag");
  const Bits more = frame(0x0, "ment");
  const Bits last = frame(kFinal, "s");
  expect_cases({
      {"two fragments", a + last, {"text frags"}},
      {"three fragments", a + more + last, {"text fragments"}},
      {"ping between", a + ping("p") + more + ping("q") + last, {"text fragments"}},
      {"pong between", a + pong("p") + last, {"text frags"}},
      {"empty fragments", frame(0x1, "") + frame(0x0, "") + frame(kFinal, ""), {"text "}},
      {"binary fragments", frame(0x2, "ab") + frame(kFinal, "c"), {"binary 3"}},
      {"empty last fragment", frame(0x2, "ab") + frame(kFinal, ""), {"binary 2"}},
      {"two fragmented messages", a + last + a + last, {"text frags", "text frags"}},
      {"close between", a + close_code(1000), {"finished 1000"}, 1000},
      refused("continuation without a beginning", last, 1002),
      refused("unfinal continuation without a beginning", more + text("x"), 1002),
      refused("continuation after a whole message", text("x") + last, 1002, {"text x"}),
      refused("continuation after an ended message", a + last + more, 1002, {"text frags"}),
      refused("text inside a message", a + text("x"), 1002),
      refused("binary inside a message", a + binary("x"), 1002),
      refused("unfinal text inside a message", a + a, 1002),
  });
  EXPECT_EQ(play(a + ping("p") + last, 1).sent, frame(kFinal | 0xA, "p", false));
}

struct TextCase {
  std::string name;
  std::string bytes;
  bool valid;
};

std::vector<TextCase> utf8_cases() {
  std::vector<TextCase> cases = {
      {"empty", "", true},
      {"ascii", "Hello", true},
      {"greek", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", true},
      {"stage", "\xe8\x88\x9e\xe5\x8f\xb0", true},
      {"NUL", std::string("\0", 1), true},
      {"U+0080", "\xc2\x80", true},
      {"U+07FF", "\xdf\xbf", true},
      {"U+0800", "\xe0\xa0\x80", true},
      {"U+D7FF", "\xed\x9f\xbf", true},
      {"U+E000", "\xee\x80\x80", true},
      {"U+FFFE", "\xef\xbf\xbe", true},
      {"U+FFFF", "\xef\xbf\xbf", true},
      {"U+10000", "\xf0\x90\x80\x80", true},
      {"U+10FFFF", "\xf4\x8f\xbf\xbf", true},
      {"U+110000", "\xf4\x90\x80\x80", false},
      {"F5", "\xf5\x80\x80\x80", false},
      {"five bytes", "\xf8\x88\x80\x80\x80", false},
      {"six bytes", "\xfc\x84\x80\x80\x80\x80", false},
      {"FE", "\xfe", false},
      {"FF", "\xff", false},
      {"overlong slash in 2", "\xc0\xaf", false},
      {"overlong slash in 3", "\xe0\x80\xaf", false},
      {"overlong slash in 4", "\xf0\x80\x80\xaf", false},
      {"overlong 7F", "\xc1\xbf", false},
      {"overlong 7FF", "\xe0\x9f\xbf", false},
      {"overlong FFFF", "\xf0\x8f\xbf\xbf", false},
      {"overlong NUL", "\xc0\x80", false},
      {"first surrogate", "\xed\xa0\x80", false},
      {"last surrogate", "\xed\xbf\xbf", false},
      {"surrogate pair", "\xed\xa0\x80\xed\xb0\x80", false},
      {"greek with an edited byte",
       "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
       "edited",
       false},
  };
  for (int octet = 0x80; octet <= 0xBF; ++octet) {
    cases.push_back({fmt::format("lone continuation {:x}", octet),
                     std::string(1, static_cast<char>(octet)), false});
  }
  for (int lead = 0xC2; lead <= 0xF4; ++lead) {
    cases.push_back({fmt::format("lead {:x} and a space", lead),
                     std::string{static_cast<char>(lead), ' '}, false});
    cases.push_back({fmt::format("lead {:x} at the end", lead),
                     std::string(1, static_cast<char>(lead)), false});
  }
  return cases;
}

TEST(WebSocketSession, section_6_text_is_utf8_or_1007) {
  std::vector<Case> cases;
  for (const TextCase& each : utf8_cases()) {
    const Bits bytes = text(each.bytes);
    const std::string half = each.bytes.substr(0, each.bytes.size() / 2);
    const Bits cut = frame(0x1, half) + frame(kFinal, each.bytes.substr(half.size()));
    if (each.valid) {
      cases.push_back({each.name, bytes, {"text " + each.bytes}});
      cases.push_back({each.name + " cut", cut, {"text " + each.bytes}});
    } else {
      cases.push_back(refused(each.name, bytes, 1007));
      cases.push_back(refused(each.name + " cut", cut, 1007));
      cases.push_back({each.name + " as binary",
                       binary(each.bytes),
                       {fmt::format("binary {}", each.bytes.size())}});
    }
  }
  expect_cases(cases);
}

TEST(WebSocketSession, section_6_bad_utf8_fails_at_its_first_impossible_octet) {
  const Bits bytes = text("\xce\xba\xf4\x90\x80\x80 and much more that is never needed");
  const std::size_t bad = 6 + 3;  // head and mask, two good octets, F4, and then 90
  Recorder user;
  WebSocketSession session(Role::Server, wide(), user, Steady{});
  session.receive(ByteView(bytes).first(bad), Steady{});
  EXPECT_TRUE(user.events.empty());
  session.receive(ByteView(bytes).subspan(bad, 1), Steady{});
  EXPECT_EQ(user.finished_code, 1007);
}

TEST(WebSocketSession, section_7_close_frames_are_echoed_or_refused) {
  std::vector<Case> cases = {
      {"bare close", close_frame(""), {"finished 1005"}, 1005},
      {"data behind the close",
       close_code(1000) + text("late") + ping("late"),
       {"finished 1000"},
       1000},
      {"two closes", close_code(1000) + close_code(1001), {"finished 1000"}, 1000},
      {"longest reason", close_code(1000, std::string(123, 'r')), {"finished 1000"}, 1000},
      refused("close of one byte", close_frame("x"), 1002),
      refused("close of 126 bytes", close_code(1000, std::string(124, 'r')), 1002),
      refused("reason that is not UTF-8", close_code(1000, "\xce\xba\xed\xa0\x80"), 1007),
      refused("fragmented close", frame(0x8, ""), 1002),
  };
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014,
                         3000, 3999, 4000, 4999}) {
    cases.push_back({fmt::format("close {}", code),
                     close_code(code, "why"),
                     {fmt::format("finished {}", code)},
                     code});
  }
  for (const int code : {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65'535}) {
    cases.push_back(refused(fmt::format("close {}", code), close_code(code), 1002));
  }
  expect_cases(cases);
}

TEST(WebSocketSession, refuses_a_large_message_at_its_head) {
  WebSocketLimits limits = wide();
  limits.message_bytes_max = 1000;
  for (const std::size_t chop : kChops) {
    EXPECT_EQ(play(binary(std::string(1000, 'x')), chop, limits).events,
              std::vector<std::string>{"binary 1000"});
    const Bits large = binary(std::string(1001, 'x'));
    EXPECT_EQ(sent_close(play(Bits(large.begin(), large.begin() + 8), chop, limits).sent), 1009);
    const Bits huge{0x82, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 2, 3, 4};
    EXPECT_EQ(sent_close(play(huge, chop, limits).sent), 1009);
    const Bits sum = frame(0x2, std::string(600, 'x')) + frame(kFinal, std::string(401, 'x'));
    EXPECT_EQ(sent_close(play(sum, chop, limits).sent), 1009);
  }
}

TEST(WebSocketSession, refuses_a_flood_of_fragments) {
  Bits flood = frame(0x2, "x");
  for (int count = 0; count < 100'000; ++count) flood = std::move(flood) + frame(0x0, "");
  EXPECT_EQ(sent_close(play(flood, 0).sent), 1009);
  Bits allowed = frame(0x2, "x");
  for (std::size_t count = 2; count < wide().fragments_max; ++count)
    allowed = std::move(allowed) + frame(0x0, "y");
  EXPECT_EQ(play(allowed + frame(kFinal, "z"), 0).events, std::vector<std::string>{"binary 64"});
}

TEST(WebSocketSession, does_not_pile_up_pongs_for_a_peer_that_never_reads) {
  Recorder user;
  WebSocketSession session(Role::Server, wide(), user, Steady{});
  user.waiting = 1024 * 1024;
  session.receive(ping("x"), Steady{});
  EXPECT_TRUE(user.sent.empty());
}

class WebSocketTime : public ::testing::Test {
 protected:
  // Moves to the session's next deadline and lets it act.
  void next() {
    now = session.next_deadline();
    session.advance(now);
  }
  Seconds passed() const { return std::chrono::duration_cast<Seconds>(now - Steady{}); }

  Steady now{};
  Recorder user;
  WebSocketSession session{Role::Server, WebSocketLimits{}, user, now};
};

TEST_F(WebSocketTime, pings_every_25_s_and_ends_after_60_s_of_silence) {
  next();
  EXPECT_EQ(passed(), Seconds{25});
  EXPECT_EQ(user.sent, (Bits{0x89, 0}));
  next();
  EXPECT_EQ(passed(), Seconds{50});
  next();
  EXPECT_EQ(passed(), Seconds{60});
  EXPECT_EQ(sent_close(user.sent), 4408);
  next();
  EXPECT_EQ(passed(), Seconds{62});
  EXPECT_EQ(user.finished_code, 1006);
}

TEST_F(WebSocketTime, lives_as_long_as_anything_arrives) {
  for (int time = 0; time < 1000; ++time) {
    next();
    session.receive(pong(""), now);
  }
  EXPECT_TRUE(session.open());
  EXPECT_EQ(passed(), Seconds{25'000});
}

TEST_F(WebSocketTime, does_not_count_silence_while_reading_is_paused) {
  session.reading_paused();
  for (int time = 0; time < 10; ++time) next();
  EXPECT_TRUE(session.open());
  session.reading_resumed(now);
  EXPECT_GE(session.next_deadline(), now);
}

TEST_F(WebSocketTime, ends_a_message_that_takes_too_long) {
  session.receive(frame(0x2, "begin"), now);
  session.receive(frame(0x0, "more"), now + Seconds{9});
  next();
  EXPECT_EQ(passed(), Seconds{10});
  EXPECT_EQ(sent_close(user.sent), 1008);
}

TEST_F(WebSocketTime, waits_for_the_answer_to_its_close_and_tells_nothing_meanwhile) {
  session.close(4410, "ended", now);
  EXPECT_EQ(sent_close(user.sent), 4410);
  session.receive(text("late") + close_code(4410), now);
  EXPECT_EQ(user.events, std::vector<std::string>{"finished 4410 "});
}

TEST(WebSocketSessionPair, closes_with_reason_both_ways) {
  const Steady now{};
  Recorder client_user;
  Recorder server_user;
  WebSocketSession client(Role::Client, wide(), client_user, now);
  WebSocketSession server(Role::Server, wide(), server_user, now);
  client.close(1000, "bye", now);
  server.receive(client_user.sent, now);
  client.receive(server_user.sent, now);
  EXPECT_EQ(server_user.events, std::vector<std::string>{"finished 1000 bye"});
  EXPECT_EQ(client_user.events, std::vector<std::string>{"finished 1000 "});
}

TEST(WebSocketSessionPair, cuts_a_long_reason_between_characters) {
  Recorder user;
  WebSocketSession session(Role::Server, wide(), user, Steady{});
  std::string reason = "x";
  for (int count = 0; count < 60; ++count) reason += "\xe8\x88\x9e";
  session.close(4403, reason, Steady{});
  EXPECT_LE(user.sent.size(), 127U);
  Recorder peer;
  WebSocketSession client(Role::Client, wide(), peer, Steady{});
  client.receive(user.sent, Steady{});
  EXPECT_EQ(peer.finished_code, 4403);
}

TEST(WebSocketSessionPair, client_refuses_masked_frames) {
  Recorder user;
  WebSocketSession client(Role::Client, wide(), user, Steady{});
  client.receive(text("x"), Steady{});
  EXPECT_EQ(user.finished_code, 1002);
}

TEST(WebSocketCodec, frame_heads_have_the_shortest_length) {
  EXPECT_TRUE(std::ranges::equal(frame_head(Opcode::Binary, 125).view(), Bits{0x82, 125}));
  EXPECT_TRUE(std::ranges::equal(frame_head(Opcode::Binary, 126).view(), Bits{0x82, 126, 0, 126}));
  EXPECT_TRUE(std::ranges::equal(frame_head(Opcode::Text, 65'536).view(),
                                 Bits{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(WebSocketSession, halts_between_messages_when_reading_is_paused) {
  struct Halting : Recorder {
    void on_text(std::string_view got) override {
      Recorder::on_text(got);
      session->halt();
    }
    WebSocketSession* session = nullptr;
  } user;
  WebSocketSession session(Role::Server, wide(), user, Steady{});
  user.session = &session;
  const Bits bytes = text("one") + text("two");
  const std::size_t taken = session.receive(bytes, Steady{});
  EXPECT_EQ(taken, text("one").size());
  EXPECT_EQ(session.receive(ByteView(bytes).subspan(taken), Steady{}), text("two").size());
  EXPECT_EQ(user.events, (std::vector<std::string>{"text one", "text two"}));
}

}  // namespace
}  // namespace butai::net
