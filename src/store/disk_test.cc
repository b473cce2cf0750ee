#include "store/disk.h"

#include <gtest/gtest.h>

namespace butai::store {
namespace {

constexpr std::uint64_t kExt4 = 0xef53, kOverlay = 0x794c7630, kTmpfs = 0x01021994, kNfs = 0x6969,
                        kCifs = 0xff534d42, kSmb3 = 0xfe534d42;

FileSystemOf always(std::optional<std::uint64_t> number) {
  return [number](const std::string&) { return number; };
}

const DatabaseOptions kFile{.path = "/srv/butai/butai.db"};

TEST(Disk, live_keys_need_a_disk_that_keeps) {
  EXPECT_TRUE(live_money_may_live_at(kFile, Money::Live, always(kExt4)));
  for (const std::uint64_t unfit : {kOverlay, kTmpfs, kNfs, kCifs, kSmb3}) {
    const auto refused = live_money_may_live_at(kFile, Money::Live, always(unfit));
    ASSERT_FALSE(refused) << unfit;
    EXPECT_NE(refused.error().sentence.find("/srv/butai/butai.db"), std::string::npos);
    EXPECT_NE(refused.error().sentence.find(unfit_for_money(unfit)), std::string::npos);
  }
}

TEST(Disk, a_disk_that_cannot_be_asked_is_not_trusted) {
  EXPECT_FALSE(live_money_may_live_at(kFile, Money::Live, always(std::nullopt)));
}

TEST(Disk, test_keys_and_a_database_server_may_be_anywhere) {
  EXPECT_TRUE(live_money_may_live_at(kFile, Money::Test, always(kTmpfs)));
  EXPECT_TRUE(live_money_may_live_at({.path = "/dev/shm/butai.db", .url = "postgresql://db/butai"},
                                     Money::Live, always(kTmpfs)));
}

TEST(Disk, the_folder_is_asked_because_the_file_may_not_be_there_yet) {
  std::string asked;
  const auto noting = [&asked](const std::string& path) -> std::optional<std::uint64_t> {
    asked = path;
    return kExt4;
  };
  EXPECT_TRUE(live_money_may_live_at(kFile, Money::Live, noting));
  EXPECT_EQ(asked, "/srv/butai");
}

TEST(Disk, memory_of_this_machine_is_known) {
  const auto memory = file_system_of_this_machine()("/dev/shm");
  ASSERT_TRUE(memory);
  EXPECT_EQ(*memory, kTmpfs);
}

}  // namespace
}  // namespace butai::store
