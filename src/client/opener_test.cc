#include "client/opener.h"

#include <gtest/gtest.h>

#include "client/limits.h"
#include "client/testing/samples.h"
#include "drm/testing/keys.h"
#include "drm/track_protector.h"
#include "media/cmaf_writer.h"

namespace butai::client {
namespace {

using media::Scheme;

class OpenerTest : public ::testing::TestWithParam<Scheme> {
 protected:
  // What a protected channel sends of this frame, and what its init says of the track.
  struct Sent {
    media::Track track;
    Bytes chunk;
  };
  Sent sent(const media::Track& track, media::Frame frame, std::uint64_t period = 1) {
    frame.duration = 1000;
    auto protector = drm::TrackProtector::make(track, period_of(period));
    EXPECT_TRUE(protector && protector->add(frame));
    const media::Track told = drm::protected_track(track, *period_of(period));
    return {media::parse_init(media::write_init({&told, 1}))->front(),
            protector->write({&frame, 1}, 1)};
  }
  Sent picture(std::uint64_t period = 1) {
    // An IDR slice of the track's baseline: header, then what is no start code anywhere.
    media::Frame frame = testing::video_frame(Utc{}, 0, testing::Coded::Key);
    std::vector<std::uint8_t> nal(400, 0x5a);
    nal[0] = 0x65, nal[1] = 0xb8, nal[2] = 0x20;
    frame.data = media::join_lengths({ByteView(nal)});
    return sent(testing::video_track(), frame, period);
  }
  Sent sound(std::uint64_t period = 1) {
    return sent(testing::audio_track(), testing::audio_frame(Utc{}, 0), period);
  }
  drm::KeyPeriodPtr period_of(std::uint64_t index) const {
    return drm::testing::key_period(GetParam(), index);
  }
  const drm::KeyBytes key = drm::testing::content_key().key;

  Seen seen;
  Opener opener{seen};
};

TEST_P(OpenerTest, samples_wait_for_their_license_and_are_opened_with_it) {
  const Sent video = picture(), audio = sound();
  EXPECT_NE(video.track.protection->kid, audio.track.protection->kid);
  opener.take(video.track, video.chunk);
  opener.take(audio.track, audio.chunk);
  EXPECT_EQ(seen.opened + seen.locked + seen.garbled, 0u);
  opener.take_key(video.track.protection->kid, key);
  EXPECT_EQ(seen.opened, 1u);
  opener.take_key(audio.track.protection->kid, key);
  EXPECT_EQ(seen.opened, 2u);
  opener.take(video.track, video.chunk);
  EXPECT_EQ(seen.opened, 3u);
  EXPECT_EQ(seen.locked + seen.garbled, 0u);
}

TEST_P(OpenerTest, a_change_of_keys_needs_the_next_license) {
  const Sent before = sound(1), after = sound(2);
  opener.take_key(before.track.protection->kid, key);
  opener.take(before.track, before.chunk);
  opener.take(after.track, after.chunk);
  EXPECT_EQ(seen.opened, 1u);
  opener.take_key(after.track.protection->kid, key);
  EXPECT_EQ(seen.opened, 2u);
}

TEST_P(OpenerTest, a_refused_license_leaves_locked_what_waited_and_what_comes) {
  const Sent audio = sound();
  opener.take(audio.track, audio.chunk);
  opener.refuse(audio.track.protection->kid);
  opener.take(audio.track, audio.chunk);
  EXPECT_EQ(seen.locked, 2u);
  opener.take_key(audio.track.protection->kid, key);
  opener.take(audio.track, audio.chunk);
  EXPECT_EQ(seen.opened, 1u) << "a later license opens what comes then";
}

TEST_P(OpenerTest, a_wrong_key_is_noticed_by_the_sound) {
  int noticed = 0;
  for (int i = 0; i < 64; ++i) {
    const Sent audio = sound();
    std::array<std::uint8_t, 16> wrong{};
    wrong[0] = static_cast<std::uint8_t>(i);
    Seen other;
    Opener with_wrong(other);
    with_wrong.take_key(audio.track.protection->kid, drm::KeyBytes(wrong));
    with_wrong.take(audio.track, audio.chunk);
    noticed += static_cast<int>(other.garbled);
  }
  EXPECT_GE(noticed, 24) << "of 64; every other one on average";
}

TEST_P(OpenerTest, what_waits_is_bounded) {
  const Sent video = picture();
  const std::size_t fits = kWaitingBytesMax / video.chunk.size();
  for (std::size_t i = 0; i < fits + 10; ++i) opener.take(video.track, video.chunk);
  EXPECT_EQ(seen.locked, 10u);
  opener.refuse(video.track.protection->kid);
  EXPECT_EQ(seen.locked, fits + 10);
}

TEST_P(OpenerTest, boxes_that_lie_are_no_media) {
  const Sent video = picture();
  std::vector<std::uint8_t> bytes(video.chunk.view().begin(), video.chunk.view().end());
  const std::size_t senc = video.chunk.text().find("senc");
  bytes[senc + 11] = 9;  // samples
  opener.take_key(video.track.protection->kid, key);
  opener.take(video.track, Bytes(bytes));
  opener.take(video.track, Bytes::copy_of("not a moof"));
  EXPECT_EQ(seen.garbled, 1u);
  EXPECT_EQ(seen.opened, 0u);
}

INSTANTIATE_TEST_SUITE_P(, OpenerTest, ::testing::Values(Scheme::Cbcs, Scheme::Cenc),
                         [](const auto& scheme) {
                           return std::string(media::four_characters(scheme.param));
                         });

TEST(MayBeMedia, knows_pictures_from_what_has_start_codes_inside) {
  const media::Track track = testing::video_track();
  const auto may = [&](std::initializer_list<std::uint8_t> bytes) {
    return may_be_media(track, std::vector<std::uint8_t>(bytes));
  };
  EXPECT_TRUE(may({0, 0, 0, 4, 0x65, 0, 0, 3}));
  EXPECT_FALSE(may({0, 0, 0, 4, 0x65, 0, 0, 1}));
  EXPECT_FALSE(may({0, 0, 0, 4, 0x65, 0, 0, 0}));
  EXPECT_FALSE(may({0, 0, 0, 1, 0xe5}));           // forbidden_zero_bit
  EXPECT_FALSE(may({0, 0, 0, 9, 0x65, 0, 0, 3}));  // longer than the sample
}

TEST(MayBeMedia, knows_sound_by_its_first_element) {
  const media::Track track = testing::audio_track();  // two channels
  const auto may = [&](std::initializer_list<std::uint8_t> bytes) {
    return may_be_media(track, std::vector<std::uint8_t>(bytes));
  };
  EXPECT_TRUE(may({0x21, 0x10, 0x05}));   // a pair with a common window
  EXPECT_FALSE(may({0x21, 0x90, 0x05}));  // and its reserved bit set
  EXPECT_TRUE(may({0xde, 0x02, 0x00}));   // a fill element, as some encoders begin
  EXPECT_FALSE(may({0x01, 0x10, 0x05}));  // a single channel
  EXPECT_FALSE(may({0xe0, 0x00}));        // nothing but the end
  EXPECT_FALSE(may({}));
}

}  // namespace
}  // namespace butai::client
