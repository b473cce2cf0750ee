#include "access/ended_plays.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"
#include "store/sql.h"
#include "store/testing/each_store.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

class EndedPlaysTest : public store::testing::EachStore {
 protected:
  // One run of a server, or one node of several: its own memory, the same database.
  struct Node {
    Node(std::unique_ptr<store::Database> opened, const Secret& secret, const Clock& clock,
         Random& random, Executor& home)
        : database(std::move(opened)),
          plays(secret, clock, random),
          ended(*database, plays, clock, home) {
      EXPECT_TRUE(ended.load());
    }
    std::unique_ptr<store::Database> database;
    Plays plays;
    EndedPlays ended;
  };
  std::unique_ptr<Node> node() {
    return std::make_unique<Node>(open(), secret, time, random, home);
  }
  static Play start(Node& on) { return on.plays.start("main", {"ann", {}, {}, {}}); }
  // As DELETE /api/v1/plays/{id} does it.
  bool end(Node& on, const Play& play) {
    on.plays.end(*on.plays.find(play.id));
    return written(on, play.id);
  }
  bool written(Node& on, std::string_view id) {
    std::optional<bool> answer;
    on.ended.when_written(id, home, [&](bool there) { answer = there; });
    EXPECT_TRUE(home.wait([&] { return answer.has_value(); }));
    return answer.value_or(false);
  }
  static std::int64_t rows(Node& on) {
    return *on.database->run_and_wait<std::int64_t>([](store::Session& session) {
      store::Sql sql(session);
      return sql.number("SELECT COUNT(*) FROM ended_play");
    });
  }
  static std::string outcome(Node& on, const Play& play) {
    const auto claims = on.plays.verify(play.path_token);
    return claims ? "good" : std::string(label(claims.error()));
  }

  butai::testing::ManualTime time;
  testing::SeededRandom random;
  Secret secret{"CNRY-ended-0123456789abcdef0123456789abcdef"};
  store::testing::ThreadExecutor home;
};
BUTAI_EACH_STORE(EndedPlaysTest);

TEST_P(EndedPlaysTest, an_ended_play_stays_ended_over_a_restart_until_it_would_have_expired) {
  auto before = node();
  const Play ended = start(*before), other = start(*before);
  EXPECT_FALSE(written(*before, ended.id));
  EXPECT_TRUE(end(*before, ended));
  before.reset();
  const auto after = node();
  EXPECT_EQ(outcome(*after, ended), "play_revoked");
  EXPECT_FALSE(after->plays.running(ended.id));
  EXPECT_EQ(outcome(*after, other), "good");
  time.advance(kPlayLife - Seconds{1});
  EXPECT_EQ(outcome(*node(), ended), "play_revoked");
  time.advance(Seconds{2});
  EXPECT_EQ(outcome(*node(), ended), "play_expired");
}

TEST_P(EndedPlaysTest, other_nodes_hear_of_it_with_their_next_look) {
  const auto one = node(), two = node();
  const Play first = start(*one), second = start(*one);
  EXPECT_TRUE(end(*one, first));
  EXPECT_EQ(outcome(*two, first), "good") << "nobody has told it";
  two->ended.look();
  EXPECT_TRUE(home.wait([&] { return outcome(*two, first) == "play_revoked"; }));
  EXPECT_TRUE(end(*one, second));
  two->ended.look();
  EXPECT_TRUE(home.wait([&] { return outcome(*two, second) == "play_revoked"; }));
}

TEST_P(EndedPlaysTest, rows_go_when_their_plays_are_over_and_ending_twice_is_no_fault) {
  const auto only = node();
  const Play first = start(*only);
  const PlayClaims claims = *only->plays.find(first.id);
  only->plays.end(claims);
  only->plays.end(claims);
  EXPECT_TRUE(written(*only, first.id));
  EXPECT_EQ(rows(*only), 1);
  time.advance(kPlayLife + Seconds{1});
  const Play next = start(*only);
  EXPECT_TRUE(end(*only, next));
  EXPECT_EQ(rows(*only), 1) << "the one that is over made room";
}

TEST_P(EndedPlaysTest, what_could_not_be_written_is_told) {
  const auto only = node();
  const Play play = start(*only);
  ASSERT_TRUE(only->database->run_and_wait<bool>([](store::Session& session) {
    store::Sql sql(session);
    sql.run("DROP TABLE ended_play");
    return true;
  }));
  EXPECT_FALSE(end(*only, play));
  EXPECT_EQ(outcome(*only, play), "play_revoked") << "here it is ended all the same";
}

}  // namespace
}  // namespace butai::access
