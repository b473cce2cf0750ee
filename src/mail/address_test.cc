#include "mail/address.h"

#include <gtest/gtest.h>

namespace butai::mail {
namespace {

std::string written(std::string_view text) {
  const auto address = parse_address(text);
  return address ? address->text() : "refused";
}

TEST(Address, usual_ones_stay_as_they_are) {
  EXPECT_EQ(written("hanako@example.jp"), "hanako@example.jp");
  EXPECT_EQ(written("a+b.c_d@mail.example.co.jp"), "a+b.c_d@mail.example.co.jp");
}

TEST(Address, old_ones_of_carriers_are_quoted) {
  EXPECT_EQ(written("a..b@docomo.ne.jp"), "\"a..b\"@docomo.ne.jp");
  EXPECT_EQ(written("taro.@ezweb.ne.jp"), "\"taro.\"@ezweb.ne.jp");
  EXPECT_EQ(written(".dot-.-@softbank.ne.jp"), "\".dot-.-\"@softbank.ne.jp");
}

TEST(Address, what_is_syntax_elsewhere_is_quoted_and_escaped) {
  EXPECT_EQ(written("a\"b\\c@example.org"), "\"a\\\"b\\\\c\"@example.org");
  EXPECT_EQ(written("a>,<b@example.org"), "\"a>,<b\"@example.org");
}

TEST(Address, other_alphabets_are_letters) { EXPECT_EQ(written("花子@例え.jp"), "花子@例え.jp"); }

TEST(Address, a_second_header_line_cannot_be_made) {
  for (const char* text :
       {"a@b\r\nBcc: c@d", "a\r\n@b.jp", "a\n@b.jp", "a b@c.jp", "a@b c", "a@b\t", "a\x7f@b.jp"}) {
    EXPECT_EQ(written(text), "refused") << text;
  }
}

TEST(Address, what_is_none_is_refused) {
  for (const char* text : {"", "@", "a@", "@b", "a", "a@b@c", "a@.b", "a@b.", "a@b..c", "a@<b>",
                           "a@b>", "\xff@b.jp"}) {
    EXPECT_EQ(written(text), "refused") << text;
  }
  EXPECT_EQ(written(std::string(65, 'a') + "@example.org"), "refused");
  EXPECT_EQ(written("a@" + std::string(260, 'b')), "refused");
}

TEST(Sender, has_a_name_or_none) {
  const auto named = parse_sender("Butai 舞台 <tickets@example.org>");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->name, "Butai 舞台");
  EXPECT_EQ(named->address.text(), "tickets@example.org");
  EXPECT_EQ(parse_sender("tickets@example.org")->name, "");
  for (const char* text : {"", "Butai", "Butai <x>", "Butai <a@b> x", "B\r\nBcc: x <a@b>"}) {
    EXPECT_FALSE(parse_sender(text)) << text;
  }
}

}  // namespace
}  // namespace butai::mail
