#include "licenses/fairplay_form.h"

#include <gtest/gtest.h>

namespace butai::licenses {
namespace {

const std::string kSpc("\x00\x01\xff spc", 7);
const std::string kCkc("\x00\x02\xfe ckc", 7);

TEST(FairPlayForm, raw_bytes_stay_as_they_are) {
  const auto wrapped = wrap_spc(FairPlayForm::Raw, kSpc, "asset");
  EXPECT_EQ(wrapped.body, kSpc);
  EXPECT_EQ(wrapped.content_type, "application/octet-stream");
}

TEST(FairPlayForm, a_form_has_the_spc_escaped_and_names_the_asset) {
  const auto wrapped = wrap_spc(FairPlayForm::Form, kSpc, "a/b c");
  EXPECT_EQ(wrapped.body, "spc=AAH%2FIHNwYw%3D%3D&assetId=a%2Fb%20c");
  EXPECT_EQ(wrapped.content_type, "application/x-www-form-urlencoded");
  EXPECT_EQ(wrap_spc(FairPlayForm::Form, kSpc, "").body, "spc=AAH%2FIHNwYw%3D%3D");
}

TEST(FairPlayForm, json_has_them_as_strings) {
  const auto wrapped = wrap_spc(FairPlayForm::Json, kSpc, "\"x");
  EXPECT_EQ(wrapped.body, R"({"spc":"AAH/IHNwYw==","assetId":"\"x"})");
  EXPECT_EQ(wrapped.content_type, "application/json");
}

TEST(FairPlayForm, the_ckc_is_found_in_each_form) {
  const std::string text = "AAL+IGNrYw==";
  EXPECT_EQ(unwrap_ckc(kCkc), kCkc);
  EXPECT_EQ(unwrap_ckc(text), kCkc);
  EXPECT_EQ(unwrap_ckc(text + "\n"), kCkc);
  EXPECT_EQ(unwrap_ckc("<ckc>" + text + "</ckc>"), kCkc);
  EXPECT_EQ(unwrap_ckc(R"({"ckc":")" + text + R"(","v":1})"), kCkc);
}

TEST(FairPlayForm, what_is_damaged_is_not_touched) {
  for (const std::string damaged :
       {"", "<ckc>", "<ckc>***</ckc>", "{\"ckc\":", R"({"ckc":7})", R"({"license":"AAAA"})"}) {
    EXPECT_EQ(unwrap_ckc(damaged), damaged);
  }
}

}  // namespace
}  // namespace butai::licenses
