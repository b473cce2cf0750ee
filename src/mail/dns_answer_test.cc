#include "mail/dns_answer.h"

#include <arpa/nameser.h>
#include <gtest/gtest.h>

namespace butai::mail {
namespace {

// An answer about a.jp with one TXT record of so much data.
std::string answer(std::string_view data) {
  std::string text("\x12\x34\x81\x80\0\1\0\1\0\0\0\0", 12);
  text += std::string("\1a\2jp\0\0\x10\0\1", 10);
  text += std::string("\xc0\x0c\0\x10\0\1\0\0\0\x3c", 10);
  text += static_cast<char>(data.size() >> 8);
  text += static_cast<char>(data.size() & 255);
  return text + std::string(data);
}

TEST(DnsAnswer, a_text_is_joined_from_its_strings) {
  const auto records = records_in(as_bytes(answer("\6v=spf1\5 -all")), ns_t_txt);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front(), "v=spf1 -all");
  EXPECT_TRUE(records_in(as_bytes(answer("\1a")), ns_t_mx)->empty());
}

TEST(DnsAnswer, a_length_that_lies_reads_no_further_than_the_record) {
  const auto records = records_in(as_bytes(answer("\xff"
                                                  "abc")),
                                  ns_t_txt);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->front(), "abc");
  const std::string whole = answer("\3abc");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto cut = records_in(as_bytes(std::string_view(whole).substr(0, size)), ns_t_txt);
    EXPECT_TRUE(!cut || cut->empty()) << size;
  }
}

}  // namespace
}  // namespace butai::mail
