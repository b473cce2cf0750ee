#include "keys/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "base/testing/manual_time.h"
#include "drm/testing/keys.h"
#include "keys/built_in.h"
#include "keys/speke_document.h"
#include "store/sql.h"
#include "store/testing/temporary_folder.h"
#include "store/testing/thread_executor.h"

namespace butai::keys {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr std::string_view kMaster =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr std::string_view kOther =
    "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

class VaultTest : public ::testing::Test {
 protected:
  VaultTest() {
    database_ = std::move(*store::Database::open({.path = folder_.path() + "/butai.db"}));
  }
  std::unique_ptr<Vault> vault(std::string_view master = kMaster) {
    return std::make_unique<Vault>(*database_, *MasterKey::parse(master), time_, random_);
  }
  drm::KeyPeriodPtr fetch(Vault& vault, media::Scheme scheme = media::Scheme::Cenc) {
    BuiltInKeys keys(vault, random_, {});
    drm::KeyPeriodPtr got;
    bool done = false;
    keys.fetch({"stage", scheme}, home_, [&](Expected<drm::KeyPeriodPtr> period) {
      got = period.value_or(nullptr);
      done = true;
    });
    EXPECT_TRUE(home_.wait([&done] { return done; }));
    return got;
  }

  store::testing::TemporaryFolder folder_;
  butai::testing::ManualTime time_;
  SystemRandom random_;
  store::testing::ThreadExecutor home_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(VaultTest, keys_are_found_again_after_a_restart) {
  drm::KeyPeriodPtr period;
  {
    const auto first = vault();
    period = fetch(*first);
    ASSERT_TRUE(period);
    ASSERT_EQ(period->keys.size(), 3u);
  }
  const auto second = vault();
  EXPECT_EQ(second->open(), 0u);
  for (const drm::ContentKey& key : period->keys) {
    const auto held = second->find(key.kid);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->channel, "stage");
    EXPECT_EQ(held->key, key.key);
  }
  EXPECT_FALSE(second->find(media::KeyId{}));
}

TEST_F(VaultTest, the_newest_period_can_be_exported_and_read_again) {
  const auto keys = vault();
  EXPECT_FALSE(keys->newest("stage"));
  fetch(*keys, media::Scheme::Cbcs);
  const auto period = fetch(*keys, media::Scheme::Cbcs);
  const auto newest = keys->newest("stage");
  ASSERT_TRUE(newest) << newest.error().sentence;
  EXPECT_EQ(newest->index, period->index);
  const auto cpix = drm::parse_cpix(drm::write_cpix(exported_keys(*newest, "stage")));
  ASSERT_TRUE(cpix) << cpix.error().sentence;
  ASSERT_EQ(cpix->keys.size(), period->keys.size());
  for (const drm::CpixKey& key : cpix->keys) {
    const auto same = std::ranges::find(period->keys, key.kid, &drm::ContentKey::kid);
    ASSERT_NE(same, period->keys.end());
    EXPECT_EQ(key.key, same->key);
    EXPECT_EQ(key.explicit_iv, same->constant_iv);
  }
  EXPECT_FALSE(vault(kOther)->newest("stage")) << "another master key opens nothing";
}

TEST_F(VaultTest, names_the_newest_keys_of_a_channel_for_a_service) {
  const auto keys = vault();
  EXPECT_TRUE(keys->newest_kids("stage", 12).empty());
  const auto first = fetch(*keys), second = fetch(*keys);
  const auto newest = keys->newest_kids("stage", 3);
  ASSERT_EQ(newest.size(), 3u);
  for (const drm::ContentKey& key : second->keys) EXPECT_THAT(newest, Contains(key.kid));
  EXPECT_EQ(keys->newest_kids("stage", 12).size(), 6u);
  EXPECT_TRUE(keys->newest_kids("other", 12).empty());
  // And after a restart.
  const auto again = vault();
  ASSERT_EQ(again->open(), 0u);
  EXPECT_EQ(again->newest_kids("stage", 12).size(), 6u);
}

TEST_F(VaultTest, periods_never_repeat_an_index_or_a_key) {
  std::set<media::KeyId> kids;
  std::set<std::array<std::uint8_t, 16>> bytes;
  for (std::uint64_t index = 1; index <= 3; ++index) {
    const auto period = fetch(*vault());  // a restart each time
    EXPECT_EQ(period->index, index);
    for (const drm::ContentKey& key : period->keys) {
      EXPECT_TRUE(kids.insert(key.kid).second);
      EXPECT_TRUE(bytes.insert(key.key.view()).second);
    }
  }
}

TEST_F(VaultTest, another_master_key_opens_nothing_until_keys_are_rewrapped) {
  const auto period = fetch(*vault());
  const auto with_other = vault(kOther);
  EXPECT_EQ(with_other->open(), 3u);
  EXPECT_FALSE(with_other->find(period->keys[0].kid));
  const auto refused = with_other->rewrap(*MasterKey::parse(kMaster));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().sentence, HasSubstr("nothing was changed"));

  EXPECT_EQ(vault()->rewrap(*MasterKey::parse(kOther)), 3u);
  const auto now = vault(kOther);
  EXPECT_EQ(now->open(), 0u);
  EXPECT_EQ(now->find(period->keys[0].kid)->key, period->keys[0].key);
}

TEST_F(VaultTest, lists_periods_without_keys) {
  const auto opened = vault();
  fetch(*opened);
  const auto listed = opened->list();
  ASSERT_TRUE(listed);
  ASSERT_EQ(listed->size(), 1u);
  EXPECT_EQ(listed->front().scheme, "cenc");
  EXPECT_EQ(listed->front().kids.size(), 3u);
}

TEST_F(VaultTest, a_destroyed_channel_has_no_key_left_in_the_database_or_in_memory) {
  const auto keys = vault();
  const auto stage = fetch(*keys);
  const auto gone = database_->run_and_wait<std::vector<Vault::Destroyed>>(
      [&](store::Session& sql) { return keys->destroy(sql, "stage"); });
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->size(), 3u);
  EXPECT_TRUE(keys->find(stage->keys[0].kid)) << "until it is committed";
  keys->forget("stage");
  for (const drm::ContentKey& key : stage->keys) EXPECT_FALSE(keys->find(key.kid));
  EXPECT_TRUE(vault()->list()->empty());
  const auto next = fetch(*keys);
  EXPECT_EQ(next->index, stage->index + 1) << "an index is never given out again";
  EXPECT_TRUE(keys->find(next->keys[0].kid));
}

TEST_F(VaultTest, destroying_one_channel_leaves_the_others) {
  const auto keys = vault();
  const auto stage = fetch(*keys);
  const auto gone = database_->run_and_wait<std::vector<Vault::Destroyed>>(
      [&](store::Session& sql) { return keys->destroy(sql, "other"); });
  EXPECT_TRUE(gone->empty());
  keys->forget("other");
  EXPECT_TRUE(keys->find(stage->keys[0].kid));
}

TEST_F(VaultTest, what_sqlite_deletes_it_overwrites) {
  const auto keys = vault();
  fetch(*keys);
  const auto wrapped = database_->run_and_wait<std::string>([](store::Session& sql) {
    return store::Sql(sql).row("SELECT wrapped FROM content_key ORDER BY kid")->text(0);
  });
  const auto in_file = [&] {
    std::ifstream file(folder_.path() + "/butai.db", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {}).find(*wrapped) !=
           std::string::npos;
  };
  const auto checkpoint = [&] {
    database_ = nullptr;  // the last connection moves the log into the file
    return in_file();
  };
  EXPECT_TRUE(checkpoint());
  database_ = std::move(*store::Database::open({.path = folder_.path() + "/butai.db"}));
  const auto again = vault();
  database_->run_and_wait<bool>(
      [&](store::Session& sql) { return again->destroy(sql, "stage"), true; });
  EXPECT_FALSE(checkpoint());
}

TEST(MasterKeyTest, opens_only_what_it_wrapped_under_the_same_name) {
  SystemRandom random;
  const auto master = MasterKey::parse(kMaster);
  ASSERT_TRUE(master);
  const drm::KeyBytes key = drm::testing::content_key().key;
  const std::string wrapped = master->wrap(key, "stage kid", random);
  EXPECT_NE(wrapped, master->wrap(key, "stage kid", random));  // another nonce
  EXPECT_EQ(master->unwrap(wrapped, "stage kid"), key);
  EXPECT_FALSE(master->unwrap(wrapped, "other kid"));
  EXPECT_FALSE(MasterKey::parse(kOther)->unwrap(wrapped, "stage kid"));
  std::string changed = wrapped;
  changed[20] = changed[20] == 'A' ? 'B' : 'A';
  EXPECT_FALSE(master->unwrap(changed, "stage kid"));
  EXPECT_FALSE(master->unwrap("", "stage kid"));
}

TEST(MasterKeyTest, is_64_hexadecimal_digits) {
  EXPECT_TRUE(MasterKey::parse(std::string(kMaster) + "\n"));
  for (const std::string_view wrong :
       {std::string_view(), std::string_view("00"), std::string_view("zz"), kMaster.substr(1)}) {
    const auto parsed = MasterKey::parse(wrong);
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().sentence, HasSubstr("openssl rand -hex 32"));
  }
}

}  // namespace
}  // namespace butai::keys
