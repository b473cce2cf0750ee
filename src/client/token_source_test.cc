#include "client/token_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace butai::client {
namespace {

class TokenSourceTest : public ::testing::Test {
 protected:
  TokenSourceTest() { unsetenv("BUTAI_TOKEN"); }
  ~TokenSourceTest() override {
    unsetenv("BUTAI_TOKEN");
    std::filesystem::remove(file_);
  }
  void write(const std::string& text) { std::ofstream(file_) << text; }
  const std::string file_ =
      std::filesystem::temp_directory_path() / ("butai_token_" + std::to_string(getpid()));
};

TEST_F(TokenSourceTest, the_option_wins_over_file_and_environment) {
  setenv("BUTAI_TOKEN", "environment", 1);
  write("file\n");
  EXPECT_EQ(TokenSource("option", file_).token(), "option");
  EXPECT_EQ(TokenSource("", file_).token(), "file");
  EXPECT_EQ(TokenSource("", "").token(), "environment");
}

TEST_F(TokenSourceTest, a_file_that_changes_is_a_new_token_once) {
  write("one\n");
  TokenSource source("", file_);
  EXPECT_FALSE(source.refresh());
  write("");
  EXPECT_FALSE(source.refresh()) << "somebody is writing it";
  write("two\r\n");
  EXPECT_TRUE(source.refresh());
  EXPECT_FALSE(source.refresh());
  EXPECT_EQ(source.headers().find("authorization"), "Bearer two");
}

TEST_F(TokenSourceTest, without_a_token_no_header_is_sent) {
  EXPECT_TRUE(TokenSource("", "").headers().all().empty());
}

}  // namespace
}  // namespace butai::client
