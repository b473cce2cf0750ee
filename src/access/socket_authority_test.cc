#include "access/socket_authority.h"

#include <gtest/gtest.h>

#include "access/testing/guard_fixture.h"

namespace butai::access {
namespace {

using testing::GuardFixture;

class SocketAuthorityTest : public ::testing::Test, protected GuardFixture {
 protected:
  void open(net::Request request, net::Who who = net::Who::Publisher) {
    const net::Policy policy{.who = who, .late_token = net::LateToken::Allowed};
    auto principal = guard.admit(policy, request);
    ASSERT_TRUE(principal);
    request.principal = std::move(*principal);
    authority =
        std::make_unique<SocketAuthority>(guard, policy, std::move(request), time, time,
                                          [this](std::uint16_t code, std::string_view reason) {
                                            EXPECT_LE(reason.size(), 123u);
                                            closed.push_back(code);
                                          });
  }
  using Codes = std::vector<std::uint16_t>;
  Codes closed;
  std::unique_ptr<SocketAuthority> authority;
};

TEST_F(SocketAuthorityTest, token_at_the_upgrade_admits_until_thirty_seconds_after_exp) {
  open(with_bearer(publish_request(""), token("ann", "publish:main")));
  EXPECT_TRUE(authority->admitted());
  time.advance(Seconds{629});
  EXPECT_EQ(closed, Codes{});
  time.advance(Seconds{1});
  EXPECT_EQ(closed, Codes{4401});
}

TEST_F(SocketAuthorityTest, late_token_has_three_seconds) {
  open(publish_request(""));
  EXPECT_FALSE(authority->admitted());
  time.advance(Millis{2999});
  EXPECT_EQ(closed, Codes{});
  time.advance(Millis{1});
  EXPECT_EQ(closed, Codes{4401});
}

TEST_F(SocketAuthorityTest, late_token_admits) {
  open(publish_request(""));
  time.advance(Seconds{2});
  EXPECT_TRUE(authority->take_token(token("ann", "publish:main")));
  EXPECT_TRUE(authority->admitted());
  EXPECT_EQ(authority->principal().subject, "ann");
  time.advance(Seconds{600});
  EXPECT_EQ(closed, Codes{});
}

TEST_F(SocketAuthorityTest, bad_late_tokens_close_with_their_code) {
  open(publish_request(""));
  EXPECT_FALSE(authority->take_token("broken"));
  EXPECT_FALSE(authority->take_token(token("ann", "view:main")));
  EXPECT_FALSE(authority->take_token(expired_token()));
  EXPECT_EQ(closed, (Codes{4401, 4403, 4401}));
  EXPECT_FALSE(authority->admitted());
}

TEST_F(SocketAuthorityTest, renewal_by_the_same_subject_keeps_it_open) {
  open(with_bearer(publish_request(""), token("ann", "publish:main")));
  time.advance(Seconds{500});
  EXPECT_TRUE(authority->take_token(token("ann", "publish:main")));
  time.advance(Seconds{629});
  EXPECT_EQ(closed, Codes{});
  time.advance(Seconds{1});
  EXPECT_EQ(closed, Codes{4401});
}

TEST_F(SocketAuthorityTest, renewal_by_somebody_else_closes) {
  open(with_bearer(publish_request(""), token("ann", "publish:main")));
  EXPECT_FALSE(authority->take_token(token("bob", "publish:main")));
  EXPECT_EQ(closed, Codes{4403});
}

TEST_F(SocketAuthorityTest, nobody_is_enough_on_a_public_channel) {
  rules.access["show"] = Access::Public;
  net::Request request = view_request("show");
  request.headers.add("Upgrade", "websocket");
  open(request, net::Who::Viewer);
  EXPECT_TRUE(authority->admitted());
  time.advance(Seconds{3600});
  EXPECT_EQ(closed, Codes{});
}

TEST_F(SocketAuthorityTest, ended_play_is_closed_within_ten_seconds) {
  open(with_play(view_request("main"), start_play("main", "ann")), net::Who::Viewer);
  EXPECT_TRUE(authority->admitted());
  time.advance(Seconds{60});
  EXPECT_EQ(closed, Codes{});
  plays.end(*plays.find(authority->principal().play));
  time.advance(Seconds{10});
  ASSERT_FALSE(closed.empty());
  EXPECT_EQ(closed.front(), 4401);
}

}  // namespace
}  // namespace butai::access
