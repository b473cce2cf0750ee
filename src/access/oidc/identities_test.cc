#include "access/oidc/identities.h"

#include <gtest/gtest.h>

#include <functional>

#include "access/testing/seeded_random.h"
#include "store/testing/each_store.h"

namespace butai::access::oidc {
namespace {

constexpr Utc kNow = utc_of(1'800'000'000'000'000);

class IdentitiesTest : public store::testing::EachStore {
 protected:
  void SetUp() override {
    database = open();
    provider.name = "line";
    provider.issuer = "https://id.example.org/";
  }
  template <class T>
  T sql(std::function<T(store::Sql&)> work) {
    return *database->run_and_wait<T>([&](store::Session& session) {
      store::Sql inside(session);
      return work(inside);
    });
  }
  std::expected<Entered, EnterFault> enters(const Identity& identity) {
    using Result = std::expected<Entered, EnterFault>;
    return sql<Result>(
        [&](store::Sql& inside) { return enter(inside, provider, identity, "ja", kNow, random); });
  }
  std::expected<Account, EnterFault> links(const Identity& identity, const std::string& account) {
    using Result = std::expected<Account, EnterFault>;
    return sql<Result>([&](store::Sql& inside) {
      return link(inside, provider, identity, account, kNow, random);
    });
  }
  std::vector<Linked> linked(const std::string& account) {
    return sql<std::vector<Linked>>([&](store::Sql& inside) { return linked_to(inside, account); });
  }
  bool unlinks(const std::string& account, const std::string& id) {
    return sql<bool>([&](store::Sql& inside) { return unlink(inside, account, id); });
  }
  Identity somebody(const std::string& subject, const std::string& email = "") const {
    return {provider.issuer, subject, "Ann", email, true};
  }

  std::unique_ptr<store::Database> database;
  testing::SeededRandom random;
  Settings provider;
};
BUTAI_EACH_STORE(IdentitiesTest);

TEST_P(IdentitiesTest, a_subject_is_one_account_whatever_its_address_says) {
  const auto first = enters(somebody("s1", "ann@example.org"));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  const auto again = enters(somebody("s1", "new@example.org"));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_new);
  EXPECT_EQ(again->account.id, first->account.id);
  Identity elsewhere = somebody("s1");
  elsewhere.issuer = "https://other.example.org/";
  EXPECT_NE(enters(elsewhere)->account.id, first->account.id);
}

TEST_P(IdentitiesTest, an_equal_address_links_nothing) {
  const auto owner = enters(somebody("s1", "ann@example.org"));
  EXPECT_EQ(enters(somebody("s2", "ann@example.org")).error(), EnterFault::AddressTaken);
  EXPECT_EQ(enters(somebody("s2", "ANN@example.org")).error(), EnterFault::AddressTaken);
  EXPECT_EQ(linked(owner->account.id).size(), 1u);
}

TEST_P(IdentitiesTest, what_is_no_address_is_not_kept_as_one) {
  const auto entered = enters(somebody("s1", "a@b.jp\r\nBcc: c@d.jp"));
  ASSERT_TRUE(entered);
  EXPECT_FALSE(entered->account.email);
  EXPECT_EQ(linked(entered->account.id).at(0).email, "");
}

TEST_P(IdentitiesTest, an_identity_is_added_once_and_never_taken_from_another) {
  const auto ann = enters(somebody("s1"));
  const auto bob = enters(somebody("s2"));
  EXPECT_EQ(links(somebody("s2"), ann->account.id).error(), EnterFault::OthersIdentity);
  ASSERT_TRUE(links(somebody("s3"), ann->account.id));
  ASSERT_TRUE(links(somebody("s3"), ann->account.id));
  EXPECT_EQ(linked(ann->account.id).size(), 2u);
  EXPECT_EQ(enters(somebody("s3"))->account.id, ann->account.id);
  EXPECT_EQ(links(somebody("s4"), "ac_nobody").error(), EnterFault::NoAccount);
}

TEST_P(IdentitiesTest, the_last_way_in_stays_and_another_ones_is_not_removed) {
  const auto ann = enters(somebody("s1"));
  const auto bob = enters(somebody("s2"));
  ASSERT_TRUE(links(somebody("s3"), ann->account.id));
  const auto ways = linked(ann->account.id);
  EXPECT_FALSE(unlinks(bob->account.id, ways[0].id));
  EXPECT_TRUE(unlinks(ann->account.id, ways[0].id));
  EXPECT_FALSE(unlinks(ann->account.id, ways[1].id));
  EXPECT_EQ(linked(ann->account.id).size(), 1u);
}

}  // namespace
}  // namespace butai::access::oidc
