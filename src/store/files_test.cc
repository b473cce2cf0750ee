#include "store/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "store/testing/temporary_folder.h"

namespace butai::store {
namespace {

using testing::TemporaryFolder;

unsigned mode_of(const std::string& path) {
  struct stat facts{};
  EXPECT_EQ(::stat(path.c_str(), &facts), 0);
  return facts.st_mode & 0777u;
}

std::size_t entries_of(const std::string& path) {
  const std::filesystem::directory_iterator all(path);
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(Files, written_file_reads_back_and_is_for_its_owner_only) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/secret";
  ASSERT_TRUE(write_file(path, as_bytes("one")));
  ASSERT_TRUE(write_file(path, as_bytes("two")));
  EXPECT_EQ(read_file(path, 100).value(), "two");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(entries_of(folder.path()), 1u) << "a temporary file was left behind";
}

TEST(Files, create_never_replaces) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/secret";
  EXPECT_EQ(create_file(path, as_bytes("first")).value(), Created::Now);
  EXPECT_EQ(create_file(path, as_bytes("second")).value(), Created::AlreadyThere);
  EXPECT_EQ(read_file(path, 100).value(), "first");
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(entries_of(folder.path()), 1u);
}

TEST(Files, reading_is_bounded) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/large";
  ASSERT_TRUE(write_file(path, as_bytes(std::string(101, 'x'))));
  EXPECT_TRUE(read_file(path, 101));
  const auto refused = read_file(path, 100);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().sentence.find("larger than 100 bytes"), std::string::npos);
}

TEST(Files, reads_regular_files_only) {
  const TemporaryFolder folder;
  EXPECT_FALSE(read_file(folder.path(), 100));
  EXPECT_FALSE(read_file("/dev/zero", 100));
  EXPECT_FALSE(read_file(folder.path() + "/absent", 100));
}

TEST(Files, folder_is_made_with_its_parents) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a/b";
  ASSERT_TRUE(prepare_folder(path));
  EXPECT_EQ(mode_of(path), 0700u);
  EXPECT_TRUE(prepare_folder(path));
  EXPECT_EQ(entries_of(path), 0u);
}

TEST(Files, unwritable_folder_is_a_sentence_that_says_what_to_do) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  const auto below_a_file = prepare_folder(folder.path() + "/file/keys");
  ASSERT_FALSE(below_a_file);
  EXPECT_NE(below_a_file.error().sentence.find(folder.path() + "/file/keys"), std::string::npos);
  const auto a_file = prepare_folder(folder.path() + "/file");
  ASSERT_FALSE(a_file);
  EXPECT_NE(a_file.error().sentence.find("A file stands where a folder is needed"),
            std::string::npos);
  // Read-only for everybody, root included.
  const auto forbidden = prepare_folder("/proc/butai");
  ASSERT_FALSE(forbidden);
  EXPECT_NE(forbidden.error().sentence.find("/proc/butai"), std::string::npos);
}

}  // namespace
}  // namespace butai::store
