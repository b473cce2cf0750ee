#include "access/refusal.h"

#include <gtest/gtest.h>

#include <set>

namespace butai::access {
namespace {

TEST(Refusal, every_reason_has_its_own_label_and_a_sentence_fit_for_a_header) {
  std::set<std::string_view> labels;
  for (std::size_t i = 0; i < kRefusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    EXPECT_TRUE(labels.insert(label(refusal)).second) << label(refusal);
    const std::string_view words = sentence(refusal);
    EXPECT_TRUE(words.ends_with('.')) << words;
    EXPECT_EQ(words.find_first_of("\"\\\r\n"), words.npos) << words;
  }
}

TEST(Refusal, rows_stand_in_the_order_of_the_enum) {
  EXPECT_EQ(label(Refusal::NoCredential), "no_credential");
  EXPECT_EQ(label(Refusal::BadSignature), "bad_signature");
  EXPECT_EQ(label(Refusal::NoScope), "no_scope");
  EXPECT_EQ(label(Refusal::PlayRevoked), "play_revoked");
  EXPECT_EQ(label(Refusal::NoSuchChannel), "no_such_channel");
}

TEST(Refusal, has_the_status_and_the_close_code_of_the_contract) {
  EXPECT_EQ(http_status(Refusal::Expired), 401);
  EXPECT_EQ(close_code(Refusal::Expired), 4401);
  EXPECT_EQ(http_status(Refusal::NotAllowed), 403);
  EXPECT_EQ(close_code(Refusal::NotAllowed), 4403);
  EXPECT_EQ(close_code(Refusal::NoSuchChannel), 4404);
  EXPECT_EQ(close_code(Refusal::PerformanceOver), 4410);
  EXPECT_EQ(http_status(Refusal::SeveralCredentials), 400);
}

}  // namespace
}  // namespace butai::access
