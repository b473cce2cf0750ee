#include "access/record_key.h"

#include <gtest/gtest.h>

namespace butai::access {
namespace {

const Secret kOurs(std::string(43, 'a'));
const Secret kOthers(std::string(43, 'b'));

TEST(RecordKey, every_node_of_an_installation_signs_alike_and_another_does_not) {
  const RecordKey one(kOurs), two(kOurs), other(kOthers);
  EXPECT_EQ(one.public_key(), two.public_key());
  EXPECT_EQ(one.sign("destroyed"), two.sign("destroyed"));
  EXPECT_NE(one.public_key(), other.public_key());
  EXPECT_FALSE(RecordKey::verifies(one.public_key(), "destroyed", other.sign("destroyed")));
}

TEST(RecordKey, what_was_signed_verifies_and_what_was_changed_does_not) {
  const RecordKey key(kOurs);
  const std::string signature = key.sign("destroyed");
  EXPECT_TRUE(RecordKey::verifies(key.public_key(), "destroyed", signature));
  EXPECT_FALSE(RecordKey::verifies(key.public_key(), "destroyeD", signature));
  EXPECT_FALSE(RecordKey::verifies(key.public_key(), "", signature));
}

TEST(RecordKey, garbage_is_no_signature) {
  const RecordKey key(kOurs);
  const std::string signature = key.sign("x");
  EXPECT_FALSE(RecordKey::verifies(key.public_key(), "x", ""));
  EXPECT_FALSE(RecordKey::verifies(key.public_key(), "x", signature.substr(1)));
  EXPECT_FALSE(RecordKey::verifies("", "x", signature));
  EXPECT_FALSE(RecordKey::verifies("no base64!", "x", signature));
}

}  // namespace
}  // namespace butai::access
