#include "access/publish_keys.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"
#include "store/testing/temporary_folder.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

class PublishKeysTest : public ::testing::Test {
 protected:
  // Waits for the answer of one call.
  template <class T, class Call>
  std::expected<T, KeyFault> answer(Call&& call) {
    std::optional<std::expected<T, KeyFault>> answer;
    call([&answer](std::expected<T, KeyFault> result) { answer = std::move(result); });
    EXPECT_TRUE(home_.wait([&answer] { return answer.has_value(); }));
    return std::move(*answer);
  }
  PublishKeys::Made make(const std::string& channel) {
    return *answer<PublishKeys::Made>(
        [&](auto done) { keys_.make(channel, home_, std::move(done)); });
  }
  std::optional<PublishKey> find(std::string_view text) {
    return *answer<std::optional<PublishKey>>(
        [&](auto done) { keys_.find(text, home_, std::move(done)); });
  }
  std::optional<PublishKey> revoke(const std::string& channel, const std::string& id) {
    return *answer<std::optional<PublishKey>>(
        [&](auto done) { keys_.revoke(channel, id, home_, std::move(done)); });
  }
  std::vector<PublishKey> list(const std::string& channel) {
    return *answer<std::vector<PublishKey>>(
        [&](auto done) { keys_.list(channel, home_, std::move(done)); });
  }

  store::testing::TemporaryFolder folder_;
  store::testing::ThreadExecutor home_;
  std::unique_ptr<store::Database> database_ =
      *store::Database::open({.path = folder_.path() + "/butai.db"});
  butai::testing::ManualTime time_;
  testing::SeededRandom random_;
  PublishKeys keys_{*database_, time_, random_};
};

TEST_F(PublishKeysTest, a_key_opens_its_channel_until_it_is_revoked) {
  const auto made = make("main");
  EXPECT_TRUE(made.text.starts_with("sk_"));
  EXPECT_LE(made.text.size(), kPublishKeyBytesMax);
  const auto found = find(made.text);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->channel, "main");
  EXPECT_EQ(found->subject(), "key:" + made.key.id);
  EXPECT_FALSE(revoke("other", made.key.id)) << "another channel's keys are none of its business";
  EXPECT_TRUE(revoke("main", made.key.id));
  EXPECT_FALSE(find(made.text));
  EXPECT_FALSE(revoke("main", made.key.id));
}

TEST_F(PublishKeysTest, nothing_but_the_very_word_opens) {
  const auto made = make("main");
  EXPECT_FALSE(find(""));
  EXPECT_FALSE(find("main"));
  EXPECT_FALSE(find(made.text.substr(0, made.text.size() - 1)));
  EXPECT_FALSE(find(made.text + "x"));
  EXPECT_FALSE(find("sk_' OR '1'='1"));
  EXPECT_FALSE(find("sk_" + std::string(10'000, 'a')));
  EXPECT_FALSE(find(made.key.id));
}

TEST_F(PublishKeysTest, a_list_names_keys_without_showing_them) {
  const auto first = make("main");
  const auto second = make("main");
  make("other");
  const auto keys = list("main");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_NE(first.text, second.text);
  for (const PublishKey& key : keys) EXPECT_TRUE(key.id == first.key.id || key.id == second.key.id);
  EXPECT_TRUE(list("nothing").empty());
}

TEST_F(PublishKeysTest, a_channel_has_a_bounded_number_of_keys) {
  for (std::size_t i = 0; i < kPublishKeysMax; ++i) make("main");
  const auto more =
      answer<PublishKeys::Made>([&](auto done) { keys_.make("main", home_, std::move(done)); });
  EXPECT_EQ(more.error(), KeyFault::TooMany);
}

}  // namespace
}  // namespace butai::access
