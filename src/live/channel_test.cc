#include "live/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/manual_time.h"
#include "live/limits.h"

namespace butai::live {
namespace {

using ::testing::ElementsAre;

// Writes down what a reader is told, as words.
struct Transcript final : FrameReader {
  explicit Transcript(std::vector<std::string>& o) : out(o) {}
  void on_tracks(const std::vector<media::Track>&) override { out.emplace_back("tracks"); }
  void on_frame(const media::Frame& frame) override {
    out.emplace_back(frame.key ? "key" : "frame");
  }
  void on_discontinuity() override { out.emplace_back("discontinuity"); }
  std::vector<std::string>& out;
};

struct FakePublisher final : Publisher {
  void dismiss(Dismissal why) override { dismissed.push_back(why); }
  void instruct(const Instruction& instruction, InstructionDone done) override {
    acts.push_back(instruction.act);
    done("");
  }
  std::vector<Dismissal> dismissed;
  std::vector<std::string> acts;
};

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() { channel.attach(std::make_unique<Transcript>(told)); }

  Channel::Ports ports() {
    return {.tell =
                [this](Update update) {
                  if (const auto* on_air = std::get_if<OnAir>(&update)) {
                    updates.emplace_back(on_air->live ? std::string("live ") + letter(on_air->input)
                                                      : "gap");
                  }
                  if (std::holds_alternative<Ended>(update)) updates.emplace_back("ended");
                },
            .ended = [this](const Channel&) { ++ended; }};
  }

  Input& take(InputSlot slot, FakePublisher& publisher, const std::string& subject = "studio") {
    Input* input = channel.take(slot, subject, publisher).value();
    input->set_tracks({media::Track{}});
    return *input;
  }
  void push(Input& input, bool key) {
    media::Frame frame;
    frame.dts = frame.pts = clock_dts();
    frame.key = key;
    input.push(std::move(frame));
  }
  std::int64_t clock_dts() { return Ticks::from(time.utc().time_since_epoch(), 90'000).value; }

  butai::testing::ManualTime time;
  std::vector<std::string> told;
  std::vector<std::string> updates;
  int ended = 0;
  Channel channel{{.name = "main", .origin = Origin::Automatic}, time, time, ports()};
  FakePublisher a, b;
};

TEST_F(ChannelTest, waits_for_a_key_frame_before_it_goes_on_air) {
  Input& input = take(InputSlot::A, a);
  push(input, false);
  EXPECT_TRUE(told.empty());
  time.advance(Millis{33});
  push(input, true);
  EXPECT_THAT(told, ElementsAre("discontinuity", "tracks", "key"));
  EXPECT_THAT(updates, ElementsAre("live a"));
}

TEST_F(ChannelTest, the_other_input_takes_over_at_its_key_frame_when_the_first_is_silent) {
  Input& first = take(InputSlot::A, a);
  Input& second = take(InputSlot::B, b);
  push(first, true);
  push(second, true);
  told.clear();
  time.advance(Millis{33});
  push(second, true);
  EXPECT_TRUE(told.empty()) << "the input that is on stays on";
  time.advance(kInputSilence + Millis{300});
  push(second, false);
  EXPECT_TRUE(told.empty()) << "not in the middle of a group of pictures";
  time.advance(Millis{33});
  push(second, true);
  EXPECT_THAT(told, ElementsAre("discontinuity", "tracks", "key"));
  EXPECT_THAT(updates, ElementsAre("live a", "gap", "live b"));
}

TEST_F(ChannelTest, the_same_subject_takes_its_input_over) {
  take(InputSlot::A, a);
  take(InputSlot::A, b);
  EXPECT_THAT(a.dismissed, ElementsAre(Dismissal::TakenOver));
  FakePublisher stranger;
  EXPECT_EQ(channel.take(InputSlot::A, "stranger", stranger).error(), TakeError::TakenByAnother);
  // What the first one says afterwards changes nothing.
  channel.release(InputSlot::A, a);
  EXPECT_TRUE(channel.status().inputs[0].connected);
}

TEST_F(ChannelTest, a_returning_publisher_continues_after_a_discontinuity) {
  push(take(InputSlot::A, a), true);
  channel.release(InputSlot::A, a);
  time.advance(Millis{400});
  told.clear();
  push(take(InputSlot::A, b), true);
  EXPECT_THAT(told, ElementsAre("discontinuity", "tracks", "key"));
}

TEST_F(ChannelTest, an_automatic_channel_ends_when_it_has_lingered) {
  push(take(InputSlot::A, a), true);
  channel.release(InputSlot::A, a);
  time.advance(Seconds{59});
  EXPECT_EQ(ended, 0);
  time.advance(Seconds{2});
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(updates.back(), "ended");
}

TEST_F(ChannelTest, lingering_stops_when_somebody_comes_back) {
  push(take(InputSlot::A, a), true);
  channel.release(InputSlot::A, a);
  time.advance(Seconds{30});
  take(InputSlot::A, b);
  time.advance(Seconds{120});
  EXPECT_EQ(ended, 0);
}

TEST_F(ChannelTest, kick_frees_the_input_and_tells_the_publisher) {
  take(InputSlot::A, a);
  EXPECT_TRUE(channel.kick(InputSlot::A));
  EXPECT_THAT(a.dismissed, ElementsAre(Dismissal::Kicked));
  EXPECT_FALSE(channel.kick(InputSlot::A));
}

TEST_F(ChannelTest, instructions_reach_the_publisher_or_say_why_not) {
  std::string answer = "none";
  channel.instruct(InputSlot::A, {.act = "key_frame", .value = ""},
                   [&](std::string error) { answer = std::move(error); });
  EXPECT_NE(answer, "");
  take(InputSlot::A, a);
  channel.instruct(InputSlot::A, {.act = "key_frame", .value = ""},
                   [&](std::string error) { answer = std::move(error); });
  EXPECT_EQ(answer, "");
  EXPECT_THAT(a.acts, ElementsAre("key_frame"));
}

TEST_F(ChannelTest, pictures_go_out_before_the_encoder_has_said_anything) {
  take(InputSlot::A, a);
  channel.push_picture(InputSlot::A, std::make_shared<media::Picture>());
  EXPECT_THAT(updates, ElementsAre("live a"));
  EXPECT_TRUE(channel.status().jpeg);
}

}  // namespace
}  // namespace butai::live
