#include "load/message_reader.h"

#include <gtest/gtest.h>

#include <string>

namespace butai::load {
namespace {

std::string framed(net::Opcode opcode, const std::string& payload) {
  const net::FrameHead head = net::frame_head(opcode, payload.size());
  return std::string(as_text(head.view())) + payload;
}

std::vector<std::string> read(MessageReader& reader, std::string_view bytes, std::size_t step) {
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    EXPECT_TRUE(reader.feed(as_bytes(bytes.substr(at, step)), [&](const auto& message) {
      seen.push_back(std::string(as_text(message.bytes)) + "/" + std::to_string(message.size));
      return true;
    }));
  }
  return seen;
}

TEST(MessageReader, messages_come_out_however_they_were_cut) {
  const std::string bytes = framed(net::Opcode::Text, "init") + framed(net::Opcode::Binary, "") +
                            framed(net::Opcode::Binary, std::string(300, 'x'));
  for (const std::size_t step : {1UL, 3UL, 1'000UL}) {
    MessageReader reader(MessageReader::Keep::Everything);
    const auto seen = read(reader, bytes, step);
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_EQ(seen[0], "init/4");
    EXPECT_EQ(seen[1], "/0");
    EXPECT_EQ(seen[2], std::string(300, 'x') + "/300");
  }
}

TEST(MessageReader, fragments_are_one_message) {
  std::string first = framed(net::Opcode::Binary, "abc");
  first[0] = 0x02;  // not final
  MessageReader reader(MessageReader::Keep::Everything);
  const auto seen = read(reader, first + framed(net::Opcode::Continuation, "def"), 2);
  EXPECT_EQ(seen, std::vector<std::string>{"abcdef/6"});
}

TEST(MessageReader, keeps_only_the_beginning_when_that_is_enough) {
  MessageReader reader(MessageReader::Keep::FirstBytes);
  const auto seen = read(reader, framed(net::Opcode::Binary, std::string(70'000, 'y')), 999);
  EXPECT_EQ(seen, std::vector<std::string>{"yyyyyyyy/70000"});
}

TEST(MessageReader, what_is_masked_is_no_server) {
  MessageReader reader(MessageReader::Keep::Everything);
  EXPECT_FALSE(reader.feed(std::vector<std::uint8_t>{0x82, 0x81, 1, 2, 3, 4, 5},
                           [](const auto&) { return true; }));
}

}  // namespace
}  // namespace butai::load
