#include "access/second_factor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "access/limits.h"
#include "access/testing/seeded_random.h"
#include "access/totp.h"
#include "base/testing/manual_time.h"
#include "store/testing/each_store.h"
#include "store/testing/thread_executor.h"

namespace butai::access {
namespace {

// The authenticator's side.
std::string code_of(const std::string& base32_secret, Utc now) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::vector<std::uint8_t> secret;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : base32_secret) {
    bits = bits << 5 | static_cast<std::uint32_t>(kAlphabet.find(c));
    held += 5;
    if (held >= 8) {
      held -= 8;
      secret.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  return totp_code(secret, micros_of(now) / Micros(kTotpStep).count());
}

class SecondFactorTest : public store::testing::EachStore {
 protected:
  void SetUp() override {
    database = open();
    ASSERT_TRUE(database->run_and_wait<bool>([](store::Session& session) {
      store::Sql(session).run(
          "INSERT INTO account (id, name, password_hash, role, scopes, created_at)"
          " VALUES ('ann', 'ann', '', 'admin', '', 0)");
      return true;
    }));
    factors = std::make_unique<SecondFactors>(*database, secret, time, random);
  }
  template <class T>
  std::expected<T, FactorFault> wait(std::function<void(SecondFactors::Done<T>)> ask) {
    std::optional<std::expected<T, FactorFault>> told;
    ask([&](std::expected<T, FactorFault> answer) { told = std::move(answer); });
    EXPECT_TRUE(home.wait([&] { return told.has_value(); }));
    return *told;
  }
  std::expected<SecondFactors::Enrolment, FactorFault> begin() {
    return wait<SecondFactors::Enrolment>(
        [&](auto done) { factors->begin("ann", "ann@example.org", home, std::move(done)); });
  }
  std::expected<std::vector<std::string>, FactorFault> confirm(const std::string& code) {
    return wait<std::vector<std::string>>(
        [&](auto done) { factors->confirm("ann", code, home, std::move(done)); });
  }
  std::expected<bool, FactorFault> check(const std::string& code) {
    return wait<bool>([&](auto done) { factors->check("ann", code, home, std::move(done)); });
  }
  // Set up and in force; its recovery codes.
  std::vector<std::string> in_force() {
    typed = begin().value().secret;
    return confirm(code_of(typed, time.utc())).value();
  }

  butai::testing::ManualTime time;
  testing::SeededRandom random;
  Secret secret{"CNRY-secret-0123456789abcdef0123456789abcdef"};
  store::testing::ThreadExecutor home;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<SecondFactors> factors;
  std::string typed;
};
BUTAI_EACH_STORE(SecondFactorTest);

TEST_P(SecondFactorTest, is_in_force_after_its_first_code_and_not_before) {
  const auto begun = begin();
  ASSERT_TRUE(begun);
  EXPECT_EQ(check(code_of(begun->secret, time.utc())).error(), FactorFault::NotPossible);
  EXPECT_EQ(confirm("000000").error(), FactorFault::Wrong);
  const auto codes = confirm(code_of(begun->secret, time.utc()));
  ASSERT_TRUE(codes);
  EXPECT_EQ(codes->size(), kRecoveryCodes);
  EXPECT_EQ(begin().error(), FactorFault::NotPossible);
}

TEST_P(SecondFactorTest, a_code_is_good_once) {
  in_force();
  EXPECT_EQ(check(code_of(typed, time.utc())).error(), FactorFault::Wrong);
  time.advance(kTotpStep);
  const std::string code = code_of(typed, time.utc());
  EXPECT_TRUE(check(code));
  EXPECT_EQ(check(code).error(), FactorFault::Wrong);
  // Nor is the one before it, which the window would still take.
  EXPECT_EQ(check(code_of(typed, time.utc() - kTotpStep)).error(), FactorFault::Wrong);
}

TEST_P(SecondFactorTest, a_recovery_code_is_good_once_however_it_is_typed) {
  const auto codes = in_force();
  std::string loud = codes[0];
  std::ranges::transform(loud, loud.begin(), [](unsigned char c) { return std::toupper(c); });
  EXPECT_TRUE(check(" " + loud));
  EXPECT_EQ(check(codes[0]).error(), FactorFault::Wrong);
  EXPECT_TRUE(check(codes[1]));
}

TEST_P(SecondFactorTest, guessing_is_slowed_down_and_right_codes_are_not_counted) {
  in_force();
  for (std::size_t i = 0; i < kLoginFailuresMax; ++i) {
    EXPECT_EQ(check("000000").error(), FactorFault::Wrong);
  }
  time.advance(kTotpStep);
  EXPECT_EQ(check(code_of(typed, time.utc())).error(), FactorFault::TooManyTries);
  time.advance(kLoginWindow);
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(check(code_of(typed, time.utc())));
    time.advance(kTotpStep);
  }
}

TEST_P(SecondFactorTest,
       its_secret_is_not_in_the_database_and_a_changed_key_before_still_opens_it) {
  in_force();
  const auto stored = database->run_and_wait<std::string>([](store::Session& session) {
    return store::Sql(session).row("SELECT secret FROM second_factor")->text(0);
  });
  EXPECT_EQ(stored->find(typed), std::string::npos);
  time.advance(kTotpStep);
  const Secret next{"CNRY-next-0123456789abcdef0123456789abcdef"};
  factors = std::make_unique<SecondFactors>(*database, next, time, random, &secret);
  EXPECT_TRUE(check(code_of(typed, time.utc())));
  factors = std::make_unique<SecondFactors>(*database, next, time, random);
  time.advance(kTotpStep);
  EXPECT_EQ(check(code_of(typed, time.utc())).error(), FactorFault::NotPossible);
}

TEST_P(SecondFactorTest, removed_it_can_be_set_up_anew) {
  const auto codes = in_force();
  EXPECT_TRUE(wait<bool>([&](auto done) { factors->remove("ann", home, std::move(done)); }));
  EXPECT_EQ(check(codes[0]).error(), FactorFault::NotPossible);
  EXPECT_TRUE(begin());
}

}  // namespace
}  // namespace butai::access
