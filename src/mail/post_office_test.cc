// Letters from their cause to a carrier that the test plays, on both stores.
#include "mail/post_office.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "base/testing/manual_time.h"
#include "mail/limits.h"
#include "store/testing/each_store.h"

namespace butai::mail {
namespace {

using ::testing::HasSubstr;
using Fate = Delivery::Fate;

struct Post {
  std::deque<Delivery> answers;  // then everything is taken
  std::vector<Parcel> taken;
};

class TestCarrier final : public Carrier {
 public:
  explicit TestCarrier(Post& post) : post_(post) {}
  Delivery carry(const Parcel& parcel) override {
    Delivery answer{Fate::Taken, {}};
    if (!post_.answers.empty()) {
      answer = post_.answers.front();
      post_.answers.pop_front();
    }
    if (answer.fate == Fate::Taken) post_.taken.push_back(parcel);
    return answer;
  }

 private:
  Post& post_;
};

class PostOfficeTest : public store::testing::EachStore {
 protected:
  void SetUp() override {
    database = open();
    change([](store::Sql& sql) {
      for (const auto& [id, email, language] :
           {std::tuple{"ann", "ann@example.org", "en"}, {"bob", "b..b@docomo.ne.jp", "ja"}}) {
        sql.run(
            "INSERT INTO account (id, name, email, password_hash, role, scopes, created_at,"
            " language) VALUES (?, ?, ?, '', 'viewer', '', 0, ?)",
            {id, id, email, language});
      }
      sql.run(
          "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
          " VALUES ('cho', 'cho', '', 'viewer', '', 0)");
    });
    office = std::make_unique<PostOffice>(
        *database, std::make_unique<TestCarrier>(post),
        Desk{.from = *parse_sender("Butai <t@example.org>"),
             .site = [] { return std::string("https://live.example.org"); },
             .seal = [](std::string_view id) { return "sealed-" + std::string(id); }},
        time, metrics);
  }
  void change(const std::function<void(store::Sql&)>& work) {
    ask<bool>([&](store::Sql& sql) { return work(sql), true; });
  }
  template <class T>
  T ask(const std::function<T(store::Sql&)>& work) {
    return *database->run_and_wait<T>([&](store::Session& session) {
      store::Sql sql(session);
      return work(sql);
    });
  }
  bool queue_letter(const std::string& key, const std::string& account, Kind kind = Kind::Paid,
                    Values values = {{"path", "/orders/1"}}) {
    return ask<bool>([&](store::Sql& sql) {
      return queue(sql, time.utc(),
                   {.key = key, .account = account, .kind = kind, .values = values});
    });
  }
  std::string state_of(const std::string& key) {
    return ask<std::string>([&](store::Sql& sql) {
      const auto row = sql.row("SELECT state FROM letter WHERE letter_key LIKE ?", {key + " %"});
      return row ? row->text(0) : std::string();
    });
  }
  std::string bounce(const std::string& account) {
    return ask<std::string>([&](store::Sql& sql) {
      const auto found = bounce_of(sql, account);
      return found ? found->why : std::string();
    });
  }

  butai::testing::ManualTime time;
  Metrics metrics;
  Post post;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<PostOffice> office;
};
BUTAI_EACH_STORE(PostOfficeTest);

TEST_P(PostOfficeTest, a_letter_goes_out_once) {
  EXPECT_TRUE(queue_letter("paid 1", "ann"));
  EXPECT_FALSE(queue_letter("paid 1", "ann"));
  EXPECT_EQ(office->look(), 1u);
  EXPECT_EQ(office->look(), 0u);
  EXPECT_FALSE(queue_letter("paid 1", "ann"));
  ASSERT_EQ(post.taken.size(), 1u);
  EXPECT_EQ(post.taken[0].to.text(), "ann@example.org");
  EXPECT_THAT(post.taken[0].message, HasSubstr("Paid, and your ticket is ready"));
  EXPECT_THAT(post.taken[0].message, HasSubstr("https://live.example.org/orders/1"));
  EXPECT_EQ(state_of("paid 1"), "sent");
}

TEST_P(PostOfficeTest, a_letter_that_was_undone_with_its_cause_is_not_there) {
  const auto undone = database->run_and_wait<bool>([&](store::Session& session) -> bool {
    store::Sql sql(session);
    queue(sql, time.utc(), {.key = "paid 1", .account = "ann", .kind = Kind::Paid, .values = {}});
    throw store::Undo{};
  });
  EXPECT_FALSE(undone);
  EXPECT_EQ(office->look(), 0u);
}

TEST_P(PostOfficeTest, it_speaks_the_language_of_the_account) {
  queue_letter("paid 1", "bob");
  office->look();
  ASSERT_EQ(post.taken.size(), 1u);
  EXPECT_EQ(post.taken[0].to.text(), "\"b..b\"@docomo.ne.jp");
  EXPECT_THAT(post.taken[0].message, HasSubstr("Content-Language: ja"));
}

TEST_P(PostOfficeTest, who_has_no_address_gets_none) {
  EXPECT_FALSE(queue_letter("paid 1", "cho"));
  EXPECT_FALSE(queue_letter("paid 1", "nobody"));
  EXPECT_EQ(office->look(), 0u);
}

TEST_P(PostOfficeTest, everybody_who_is_selected_gets_the_same_once) {
  const auto all = [this] {
    return ask<std::int64_t>([&](store::Sql& sql) {
      return queue_all(sql, time.utc(),
                       {.key = "delayed 1", .account = {}, .kind = Kind::Delayed, .values = {}},
                       "SELECT id FROM account WHERE role = ?", {"viewer"});
    });
  };
  EXPECT_EQ(all(), 2);
  EXPECT_EQ(all(), 0);
}

TEST_P(PostOfficeTest, the_link_that_proves_is_made_when_it_is_written) {
  queue_letter("reset 1", "ann", Kind::Reset, {{"path", "/sign-in#reset="}, {"proof", "id1"}});
  EXPECT_EQ(ask<std::int64_t>([](store::Sql& sql) {
              return sql.number("SELECT COUNT(*) FROM letter WHERE content LIKE '%sealed%'");
            }),
            0);
  office->look();
  EXPECT_THAT(post.taken.at(0).message,
              HasSubstr("https://live.example.org/sign-in#reset=3Dsealed-id1"));
}

TEST_P(PostOfficeTest, who_cannot_now_is_asked_again_later_and_later) {
  post.answers = {{Fate::Later, "451 later"}, {Fate::Later, "451 later"}};
  queue_letter("paid 1", "ann");
  EXPECT_EQ(office->look(), 1u);
  EXPECT_EQ(office->look(), 0u);
  time.advance(kAgainFirst);
  EXPECT_EQ(office->look(), 1u);
  time.advance(kAgainFirst);
  EXPECT_EQ(office->look(), 0u);
  time.advance(kAgainFirst);
  EXPECT_EQ(office->look(), 1u);
  EXPECT_EQ(post.taken.size(), 1u);
}

TEST_P(PostOfficeTest, nobody_took_it_for_two_days_and_it_is_not_sent_any_more) {
  post.answers.assign(1000, {Fate::Later, "no route"});
  queue_letter("paid 1", "ann");
  for (int hours = 0; hours < 50; ++hours) {
    office->look();
    time.advance(kAgainMost);
  }
  office->look();
  EXPECT_EQ(state_of("paid 1"), "late");
}

TEST_P(PostOfficeTest, a_refusal_for_good_is_a_bounce_until_a_letter_arrives) {
  post.answers = {{Fate::Refused, "550 no such user"}};
  queue_letter("paid 1", "ann");
  office->look();
  EXPECT_EQ(bounce("ann"), "550 no such user");
  EXPECT_EQ(bounce("bob"), "");
  time.advance(Seconds{1});
  EXPECT_EQ(office->look(), 0u);
  queue_letter("paid 2", "ann");
  office->look();
  EXPECT_EQ(bounce("ann"), "");
}

TEST_P(PostOfficeTest, whose_fate_nobody_knows_is_not_sent_again) {
  post.answers = {{Fate::Unknown, "the line broke"}};
  queue_letter("paid 1", "ann");
  office->look();
  time.advance(std::chrono::hours{1});
  EXPECT_EQ(office->look(), 0u);
  EXPECT_EQ(state_of("paid 1"), "unknown");
}

TEST_P(PostOfficeTest, who_died_with_a_letter_in_hand_does_not_send_it_twice) {
  queue_letter("paid 1", "ann");
  change([&](store::Sql& sql) { ASSERT_EQ(claim(sql, time.utc()).size(), 1u); });
  EXPECT_EQ(office->look(), 0u);
  time.advance(kHeldMost);
  EXPECT_EQ(office->look(), 0u);
  EXPECT_EQ(state_of("paid 1"), "unknown");
}

TEST_P(PostOfficeTest, somebody_who_is_erased_leaves_no_address) {
  queue_letter("paid 1", "ann");
  change([](store::Sql& sql) { forget(sql, "ann"); });
  EXPECT_EQ(office->look(), 0u);
  EXPECT_EQ(ask<std::int64_t>([](store::Sql& sql) {
              return sql.number("SELECT COUNT(*) FROM letter WHERE address <> ''");
            }),
            0);
}

}  // namespace
}  // namespace butai::mail
