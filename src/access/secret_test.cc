#include "access/secret.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "access/testing/seeded_random.h"
#include "store/files.h"
#include "store/testing/temporary_folder.h"

namespace butai::access {
namespace {

using store::testing::TemporaryFolder;
using testing::SeededRandom;

TEST(Secret, is_made_once_and_found_again) {
  const TemporaryFolder folder;
  SeededRandom random;
  const auto first = load_secret("", folder.path(), random);
  ASSERT_TRUE(first) << first.error().sentence;
  EXPECT_FALSE(first->weak());
  EXPECT_EQ(first->bytes().size(), 43u);
  const auto second = load_secret("", folder.path(), random);
  ASSERT_TRUE(second);
  EXPECT_EQ(as_text(first->bytes()), as_text(second->bytes()));
  struct stat facts{};
  ASSERT_EQ(::stat((folder.path() + "/keys/secret").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
}

TEST(Secret, text_of_the_file_in_the_configuration_is_the_same_key) {
  const TemporaryFolder folder;
  SeededRandom random;
  const auto made = load_secret("", folder.path(), random);
  const auto configured = load_secret(std::string(as_text(made->bytes())), "/nowhere", random);
  EXPECT_EQ(made->derived("x"), configured->derived("x"));
}

TEST(Secret, short_and_published_ones_are_weak) {
  SeededRandom random;
  EXPECT_TRUE(load_secret("your-secret-key", "/nowhere", random)->weak());
  EXPECT_TRUE(load_secret(std::string(31, 'x'), "/nowhere", random)->weak());
  EXPECT_FALSE(load_secret(std::string(32, 'x'), "/nowhere", random)->weak());
}

TEST(Secret, short_file_is_refused_with_what_to_do) {
  const TemporaryFolder folder;
  SeededRandom random;
  ASSERT_TRUE(store::prepare_folder(folder.path() + "/keys"));
  ASSERT_TRUE(store::write_file(folder.path() + "/keys/secret", as_bytes("short\n")));
  const auto refused = load_secret("", folder.path(), random);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("fewer than 32 bytes"), std::string::npos);
}

TEST(Secret, unwritable_data_folder_is_a_sentence) {
  const TemporaryFolder folder;
  SeededRandom random;
  ASSERT_TRUE(store::write_file(folder.path() + "/file", as_bytes("x")));
  const auto refused = load_secret("", folder.path() + "/file", random);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find(folder.path() + "/file/keys"), std::string::npos);
}

}  // namespace
}  // namespace butai::access
