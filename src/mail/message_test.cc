#include "mail/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mail/wording.h"

namespace butai::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Message message(std::string subject, std::string body) {
  return {*parse_sender("Butai <tickets@example.org>"),
          *parse_address("a..b@docomo.ne.jp"),
          std::move(subject),
          std::move(body),
          "ja",
          "0123",
          utc_of(1'800'000'000'000'000)};
}

TEST(Message, reads_as_a_letter) {
  EXPECT_EQ(write_message(message("Paid", "Thank you.\n")),
            "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"
            "From: \"Butai\" <tickets@example.org>\r\n"
            "To: \"a..b\"@docomo.ne.jp\r\n"
            "Subject: Paid\r\n"
            "Message-ID: <0123@example.org>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "Content-Language: ja\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "Thank you.\r\n");
}

TEST(Message, a_title_cannot_become_a_header_line) {
  const std::string written =
      write_message(message("Night\r\nBcc: all@example.org\r\n\r\n<b>hi</b>", "x\n"));
  EXPECT_THAT(written, Not(HasSubstr("\nBcc")));
  EXPECT_THAT(written, HasSubstr("Subject: Night  Bcc: all@example.org    <b>hi</b>\r\n"));
}

TEST(Message, japanese_subjects_are_encoded_words_that_cut_no_character) {
  EXPECT_EQ(encoded_words("舞台"), "=?UTF-8?B?6Iie5Y+w?=");
  const std::string words = encoded_words("極光 TOUR FINAL「白夜のうた」のお支払いを確認しました");
  EXPECT_THAT(words, HasSubstr("?=\r\n =?UTF-8?B?"));
  EXPECT_EQ(words,
            "=?UTF-8?B?5qW15YWJIFRPVVIgRklOQUzjgIznmb3lpJzjga7jgYbjgZ/jgI3jga4=?=\r\n"
            " =?UTF-8?B?44GK5pSv5omV44GE44KS56K66KqN44GX44G+44GX44Gf?=");
}

TEST(Message, what_looks_encoded_is_encoded) {
  EXPECT_THAT(encoded_words("=?UTF-8?B?eA==?="), StartsWith("=?UTF-8?B?PT9"));
}

TEST(QuotedPrintable, folds_lines_and_keeps_what_stands_in_them) {
  EXPECT_EQ(quoted_printable("1 = 1 \n.\n"), "1 =3D 1=20\r\n.\r\n");
  EXPECT_EQ(quoted_printable("é\n"), "=C3=A9\r\n");
  const std::string line(200, 'x');
  EXPECT_EQ(from_quoted_printable(quoted_printable(line)), line);
  EXPECT_EQ(quoted_printable(line).find("\r\n"), 76u);
}

TEST(QuotedPrintable, what_is_none_is_refused) {
  EXPECT_FALSE(from_quoted_printable("=4"));
  EXPECT_FALSE(from_quoted_printable("=GG"));
  EXPECT_FALSE(from_quoted_printable("\r"));
}

TEST(Wording, every_kind_has_both_languages_and_its_link) {
  for (std::size_t i = 0; i < kKinds; ++i) {
    for (const char* language : {"ja", "en"}) {
      const Worded words = worded(static_cast<Kind>(i), language,
                                  {{"link", "https://x/orders/1"}, {"site", "https://x"}});
      EXPECT_FALSE(words.subject.empty());
      EXPECT_THAT(words.body, HasSubstr("https://x/orders/1"));
      EXPECT_THAT(words.body, Not(HasSubstr("{")));
    }
  }
}

TEST(Wording, a_value_is_one_line_and_text_alone) {
  const Worded words =
      worded(Kind::Paid, "en",
             {{"event_en", "<script>\n--\nYour bank: {link}"}, {"event_ja", "夜"}, {"link", "L"}});
  EXPECT_THAT(words.body, HasSubstr("Event: <script> -- Your bank: {link}\n"));
  EXPECT_THAT(worded(Kind::Paid, "ja", {{"event_ja", "夜"}}).subject, HasSubstr("夜"));
}

TEST(Kinds, have_a_name_each) {
  for (std::size_t i = 0; i < kKinds; ++i) {
    EXPECT_EQ(kind_of(name_of(static_cast<Kind>(i))), static_cast<Kind>(i));
  }
  EXPECT_FALSE(kind_of("other"));
}

}  // namespace
}  // namespace butai::mail
