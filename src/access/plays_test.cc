#include "access/plays.h"

#include <gtest/gtest.h>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "base/testing/manual_time.h"

namespace butai::access {
namespace {

using butai::testing::ManualTime;
using testing::SeededRandom;

net::Principal principal(std::string subject) { return {std::move(subject), {}, {}, {}}; }

class PlaysTest : public ::testing::Test {
 protected:
  std::string outcome(std::string_view token) {
    const auto claims = plays.verify(token);
    return claims ? claims->channel : std::string(label(claims.error()));
  }
  ManualTime time;
  SeededRandom random;
  Secret secret{"CNRY-play-0123456789abcdef0123456789abcdef"};
  Plays plays{secret, time, random};
};

TEST_F(PlaysTest, token_is_verified_by_any_node_with_the_secret) {
  const auto play = plays.start("main", principal("ann"));
  SeededRandom other_random;
  const Plays other_node(secret, time, other_random);
  const auto claims = other_node.verify(play.path_token);
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->channel, "main");
  EXPECT_EQ(base64url(claims->id), play.id);
  EXPECT_EQ(claims->expires, play.expires);
  const Plays stranger(Secret(std::string(40, 'x')), time, other_random);
  EXPECT_EQ(stranger.verify(play.path_token).error(), Refusal::BadPlay);
}

TEST_F(PlaysTest, a_new_secret_lets_the_plays_of_the_one_before_go_on) {
  const auto play = plays.start("main", principal("ann"));
  const Secret next(std::string(40, 'n'));
  Plays after(next, time, random, &secret);
  const auto claims = after.verify(play.path_token);
  ASSERT_TRUE(claims);
  EXPECT_EQ(base64url(claims->id), play.id);
  after.end(*claims);
  EXPECT_EQ(after.verify(play.path_token).error(), Refusal::PlayRevoked);
  const auto fresh = after.start("main", principal("ann"));
  EXPECT_EQ(outcome(fresh.path_token), "bad_play") << "nothing new is signed with the old one";
}

TEST_F(PlaysTest, token_fits_into_an_address) {
  const auto play = plays.start(std::string(64, 'n'), principal("ann"));
  EXPECT_LE(play.path_token.size(), 147u);
  for (const char c : play.path_token) {
    EXPECT_TRUE(std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_');
  }
}

TEST_F(PlaysTest, every_changed_character_is_noticed) {
  const std::string token = plays.start("main", principal("ann")).path_token;
  EXPECT_EQ(outcome(token), "main");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(outcome(changed), "bad_play") << i;
  }
  EXPECT_EQ(outcome(""), "bad_play");
  EXPECT_EQ(outcome(token + "A"), "bad_play");
  EXPECT_EQ(outcome(std::string(100'000, 'A')), "bad_play");
}

TEST_F(PlaysTest, expires_after_twelve_hours) {
  const std::string token = plays.start("main", principal("ann")).path_token;
  time.advance(kPlayLife - Seconds{1});
  EXPECT_EQ(outcome(token), "main");
  time.advance(Seconds{1});
  EXPECT_EQ(outcome(token), "play_expired");
}

TEST_F(PlaysTest, renewal_keeps_the_play_and_gives_it_a_full_life) {
  const auto play = plays.start("main", principal("ann"));
  time.advance(Seconds{6 * 3600});
  const Play renewed = plays.renew(*plays.find(play.id));
  EXPECT_EQ(renewed.id, play.id);
  EXPECT_EQ(renewed.expires, play.expires + Seconds{6 * 3600});
  time.advance(Seconds{7 * 3600});
  EXPECT_EQ(outcome(play.path_token), "play_expired");
  EXPECT_EQ(outcome(renewed.path_token), "main");
}

TEST_F(PlaysTest, ending_refuses_every_token_of_the_play_until_it_would_have_expired) {
  const auto play = plays.start("main", principal("ann"));
  const auto other = plays.start("main", principal("ann"));
  const Play renewed = plays.renew(*plays.find(play.id));
  EXPECT_TRUE(plays.running(play.id));
  plays.end(*plays.find(play.id));
  EXPECT_EQ(outcome(play.path_token), "play_revoked");
  EXPECT_EQ(outcome(renewed.path_token), "play_revoked");
  EXPECT_EQ(outcome(other.path_token), "main");
  EXPECT_FALSE(plays.running(play.id));
  EXPECT_FALSE(plays.find(play.id));
  time.advance(kPlayLife - Seconds{1});
  EXPECT_EQ(outcome(play.path_token), "play_revoked");
}

TEST_F(PlaysTest, knows_its_owner) {
  const auto play = plays.start("main", principal("ann"));
  const PlayClaims claims = *plays.find(play.id);
  EXPECT_TRUE(plays.owns(claims, principal("ann")));
  EXPECT_FALSE(plays.owns(claims, principal("bob")));
  EXPECT_FALSE(plays.owns(claims, principal("")));
  const auto anonymous = plays.start("main", principal(""));
  EXPECT_TRUE(plays.owns(*plays.find(anonymous.id), principal("")));
}

TEST_F(PlaysTest, restart_remembers_a_play_with_its_first_heartbeat) {
  const auto play = plays.start("main", principal("ann"));
  Plays restarted(secret, time, random);
  EXPECT_FALSE(restarted.find(play.id));
  restarted.seen(*restarted.verify(play.path_token));
  ASSERT_TRUE(restarted.find(play.id));
  EXPECT_TRUE(restarted.owns(*restarted.find(play.id), principal("ann")));
}

TEST_F(PlaysTest, counts_plays_with_a_recent_heartbeat) {
  const auto first = plays.start("main", principal("ann"));
  time.advance(Seconds{60});
  plays.start("main", principal("bob"));
  EXPECT_EQ(plays.active("main", Seconds{30}), 1u);
  plays.seen(*plays.verify(first.path_token));
  EXPECT_EQ(plays.active("main", Seconds{30}), 2u);
  EXPECT_EQ(plays.active("other", Seconds{30}), 0u);
}

TEST_F(PlaysTest, socket_keeps_its_play_alive_by_id) {
  const auto play = plays.start("main", principal("ann"));
  time.advance(Seconds{60});
  plays.seen("AAAAAAAAAAAAAAAAAAAAAA");
  EXPECT_EQ(plays.active("main", Seconds{30}), 0u);
  plays.seen(play.id);
  EXPECT_EQ(plays.active("main", Seconds{30}), 1u);
}

TEST_F(PlaysTest, unknown_ids_are_not_found) {
  for (const std::string_view id : {"", "x", "AAAAAAAAAAAAAAAAAAAAAA", "../../etc/passwd"}) {
    EXPECT_FALSE(plays.find(id)) << id;
  }
}

TEST(ExpiringMap, is_bounded_and_forgets_what_expired) {
  ExpiringMap<int> map(2);
  const auto id = [](std::uint8_t n) { return Id128{n}; };
  EXPECT_TRUE(map.put(id(1), 1, utc_of(10), utc_of(0)));
  EXPECT_TRUE(map.put(id(2), 2, utc_of(20), utc_of(0)));
  EXPECT_FALSE(map.put(id(3), 3, utc_of(30), utc_of(9)));
  EXPECT_TRUE(map.put(id(2), 4, utc_of(21), utc_of(9))) << "replacing needs no room";
  EXPECT_EQ(*map.find(id(2)), 4);
  EXPECT_TRUE(map.put(id(3), 3, utc_of(30), utc_of(10)));
  EXPECT_EQ(map.find(id(1)), nullptr);
  map.drop_next();
  EXPECT_EQ(map.find(id(2)), nullptr);
  EXPECT_EQ(map.size(), 1u);
}

}  // namespace
}  // namespace butai::access
