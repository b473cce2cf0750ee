#include "access/totp.h"

#include <gtest/gtest.h>

namespace butai::access {
namespace {

constexpr std::string_view kSecret = "12345678901234567890";  // RFC 6238 appendix B

TEST(Totp, codes_are_those_of_the_rfc) {
  // Its last six digits of eight.
  EXPECT_EQ(totp_code(as_bytes(kSecret), 59 / 30), "287082");
  EXPECT_EQ(totp_code(as_bytes(kSecret), 1111111109 / 30), "081804");
  EXPECT_EQ(totp_code(as_bytes(kSecret), 1234567890 / 30), "005924");
  EXPECT_EQ(totp_code(as_bytes(kSecret), 2000000000 / 30), "279037");
  EXPECT_EQ(totp_code(as_bytes(kSecret), 20000000000 / 30), "353130");
}

TEST(Totp, a_clock_may_differ_by_one_step_and_not_by_two) {
  const Utc now = utc_of(1'234'567'890'000'000);
  const std::int64_t step = 1234567890 / 30;
  for (const std::int64_t other : {-1, 0, 1}) {
    EXPECT_EQ(totp_step_of(as_bytes(kSecret), totp_code(as_bytes(kSecret), step + other), now),
              step + other);
  }
  for (const std::int64_t other : {-2, 2}) {
    EXPECT_FALSE(totp_step_of(as_bytes(kSecret), totp_code(as_bytes(kSecret), step + other), now));
  }
  for (const char* text : {"", "28708", "2870822", "abcdef"}) {
    EXPECT_FALSE(totp_step_of(as_bytes(kSecret), text, now)) << text;
  }
}

TEST(Totp, base32_is_that_of_rfc_4648_without_padding) {
  EXPECT_EQ(base32(as_bytes("")), "");
  EXPECT_EQ(base32(as_bytes("f")), "MY");
  EXPECT_EQ(base32(as_bytes("foob")), "MZXW6YQ");
  EXPECT_EQ(base32(as_bytes("foobar")), "MZXW6YTBOI");
}

TEST(Totp, the_address_for_the_qr_code_escapes_what_it_is_made_of) {
  EXPECT_EQ(otpauth_address(as_bytes("foobar"), "Butai", "a&b@c?d"),
            "otpauth://totp/Butai:a%26b%40c%3Fd?secret=MZXW6YTBOI&issuer=Butai");
}

}  // namespace
}  // namespace butai::access
