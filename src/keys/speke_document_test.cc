#include "keys/speke_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drm/pssh.h"
#include "drm/testing/keys.h"

namespace butai::keys {
namespace {

using ::testing::HasSubstr;

const std::vector kAll = {drm::RealSystem::Widevine, drm::RealSystem::PlayReady,
                          drm::RealSystem::FairPlay};

drm::KeyPeriod asked(media::Scheme scheme = media::Scheme::Cbcs) {
  return *drm::testing::key_period(scheme, 7);
}

// The request with every key filled in, each with bytes of its own.
drm::Cpix answer_to(const drm::KeyPeriod& period) {
  drm::Cpix answer = speke_request(period, "stage", kAll);
  std::uint8_t next = 1;
  for (drm::CpixKey& key : answer.keys) {
    std::array<std::uint8_t, 16> bytes;
    bytes.fill(next++);
    key.key = drm::KeyBytes(bytes);
  }
  for (drm::CpixSystem& system : answer.systems) {
    if (system.pssh) system.pssh = "cHNzaA==";
    system.hls_media = "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"x\"\r\n";
  }
  return answer;
}

TEST(SpekeDocument, asks_for_one_key_per_use_and_each_system) {
  const drm::Cpix request = speke_request(asked(), "stage", kAll);
  EXPECT_EQ(request.content_id, "stage");
  EXPECT_EQ(request.version, "2.3");
  ASSERT_EQ(request.keys.size(), 3u);
  EXPECT_TRUE(request.keys[0].explicit_iv);
  EXPECT_FALSE(request.keys[0].key);
  EXPECT_EQ(request.systems.size(), 9u);
  ASSERT_EQ(request.periods.size(), 1u);
  EXPECT_EQ(request.periods[0].index, 7u);
  EXPECT_EQ(request.rules[0].track_type, "AUDIO");
  EXPECT_TRUE(request.rules[0].audio);
  EXPECT_EQ(request.rules[1].pixels_max, 589'824u);
  EXPECT_EQ(request.rules[2].pixels_min, 589'825u);
}

TEST(SpekeDocument, does_not_ask_for_fair_play_or_an_iv_with_cenc) {
  const drm::Cpix request = speke_request(asked(media::Scheme::Cenc), "stage", kAll);
  EXPECT_EQ(request.systems.size(), 6u);
  EXPECT_FALSE(request.keys[0].explicit_iv);
}

TEST(SpekeDocument, takes_keys_and_signals_in_the_services_words) {
  const auto read = read_answer(asked(), answer_to(asked()));
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(read->keys[1].key.view()[0], 2);
  const auto& signals = read->keys[1].signals;
  ASSERT_EQ(signals.size(), 4u);  // W3C common and three
  EXPECT_EQ(signals[1].hls_key, "METHOD=SAMPLE-AES,URI=\"x\"");
  EXPECT_THAT(signals[1].content_protection, HasSubstr(">cHNzaA==</cenc:pssh>"));
}

TEST(SpekeDocument, follows_a_service_that_replaces_key_ids) {
  drm::Cpix answer = answer_to(asked());
  media::KeyId other{};
  other.fill(0x77);
  const media::KeyId before = answer.keys[1].kid;
  answer.keys[1].kid = other;
  for (drm::CpixRule& rule : answer.rules) {
    if (rule.kid == before) rule.kid = other;
  }
  const auto read = read_answer(asked(), answer);
  ASSERT_TRUE(read) << read.error().sentence;
  EXPECT_EQ(read->keys[1].kid, other);
}

TEST(SpekeDocument, leaves_out_the_words_of_systems_that_nobody_asked_for) {
  drm::Cpix answer = answer_to(asked());
  answer.systems.push_back({answer.keys[1].kid, "5e629af5-38da-4063-8977-97ffbd9902d4",
                            "cHNzaA==", "<b>unasked</b>", "#EXT-X-KEY:METHOD=NONE", ""});
  const auto read = read_answer(asked(), answer);
  ASSERT_TRUE(read) << read.error().sentence;
  ASSERT_EQ(read->keys[1].signals.size(), 4u);
  for (const media::KeySystemSignal& signal : read->keys[1].signals) {
    EXPECT_EQ(signal.content_protection.find("unasked"), std::string::npos);
  }
}

TEST(SpekeDocument, refuses_an_answer_it_cannot_trust) {
  const auto why = [](drm::Cpix answer) {
    const auto read = read_answer(asked(), answer);
    return read ? std::string("taken") : read.error().sentence;
  };
  drm::Cpix answer = answer_to(asked());
  answer.keys.pop_back();
  EXPECT_THAT(why(answer), HasSubstr("no key for HD"));
  answer = answer_to(asked());
  answer.keys[0].key.reset();
  EXPECT_THAT(why(answer), HasSubstr("no key for AUDIO"));
  answer = answer_to(asked());
  answer.keys[0].scheme = "cenc";
  EXPECT_THAT(why(answer), HasSubstr("cenc instead of cbcs"));
  answer = answer_to(asked());
  for (drm::CpixKey& key : answer.keys) key.kid.fill(0x66);  // wrong ids, and all the same
  for (drm::CpixRule& rule : answer.rules) rule.kid.fill(0x66);
  EXPECT_THAT(why(answer), HasSubstr("one key to several tracks"));
  answer = answer_to(asked());
  for (drm::CpixKey& key : answer.keys) key.kid.front() ^= 0xff;  // and no rule that says whose
  EXPECT_THAT(why(answer), HasSubstr("no key for AUDIO"));
}

}  // namespace
}  // namespace butai::keys
