#include "worker/line.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(LineTest, tells_when_the_executable_is_missing) {
  LineOptions options;
  options.executable = "/nonexistent/butai-worker";
  line = std::make_unique<Line>(loop, clock, std::move(options), told);
  ASSERT_TRUE(until([&] { return !told.losses.empty(); }));
  EXPECT_THAT(told.losses[0], HasSubstr("/nonexistent/butai-worker"));
}

TEST_F(LineTest, kills_a_child_that_takes_nothing_any_more) {
  open(Job::Demux);
  const Bytes film = file_bytes(fragmented_mp4());
  send(film);
  const int before = line->process_id();
  kill(before, SIGSTOP);
  // More than the socket takes: the rest waits here.
  for (int times = 0; line->write(film); ++times) ASSERT_LT(times, 1000);
  ASSERT_TRUE(until([&] {
    clock.ahead += Millis{500};  // time runs 25 times as fast
    return line->process_id() != before;
  }));
  EXPECT_TRUE(until([&] { return line->process_id() != 0; }));
}

class AfterDeath : public LineTest {
 protected:
  // All pictures of it, from one child.
  std::vector<Packet> undisturbed(const Bytes& bytes) {
    open(Job::Demux);
    send(bytes);
    line->finish();
    EXPECT_TRUE(until([&] { return told.ended; }));
    const auto all = packets_of(told.video);
    told = {};
    return all;
  }
  // Sends half of it, each slice when its part of so many pictures is there; then the child dies, and
  // another one gets the rest.
  void send_over_a_death(const Bytes& bytes, std::size_t pictures, std::size_t slices) {
    open(Job::Demux);
    const std::size_t half = bytes.size() / 2;
    for (std::size_t i = 0; i < slices; ++i) {
      const std::size_t from = half * i / slices;
      send(bytes.slice(from, half * (i + 1) / slices - from));
      ASSERT_TRUE(until([&] { return told.video.size() >= pictures * i / slices; }));
    }
    ASSERT_TRUE(until([&] { return told.video.size() > pictures && line->process_id() != 0; }));
    before_ = told.video.size();
    const int first = line->process_id();
    kill(first, SIGKILL);
    ASSERT_TRUE(until([&] { return line->process_id() != 0 && line->process_id() != first; }));
    send(bytes.slice(half, bytes.size() - half));
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
  }
  std::size_t before_ = 0;  // pictures until the death
};

TEST_F(AfterDeath, what_an_encoder_of_ours_made_begins_anew_at_the_next_boundary) {
  send_over_a_death(
      file_bytes(made("after.webm",
                      "-f lavfi -i testsrc2=size=320x180:rate=30:duration=10 -c:v libvpx "
                      "-deadline realtime -cpu-used 8 -g 30 -cluster_time_limit 500 -live 1")),
      4 * 30, 1);  // our key frames are 2 s apart
  ASSERT_EQ(told.losses.size(), 1U);
  EXPECT_THAT(told.losses[0], HasSubstr("killed by signal 9"));
  ASSERT_GT(told.video.size(), before_ + 10);
  EXPECT_TRUE(told.video[before_].key);
  EXPECT_GT(told.video[before_].pts, told.video[before_ - 1].pts) << "times go on";
}

class AfterDeathOf : public AfterDeath, public ::testing::WithParamInterface<const char*> {};

TEST_P(AfterDeathOf, goes_on_as_if_nothing_had_been) {
  const std::string name = GetParam();
  const std::string plain = made("two_keys.mp4", kPicture + kTone +
                                                     "-c:v libx264 -preset ultrafast -g 30 -bf 0 "
                                                     "-pix_fmt yuv420p " +
                                                     kAac);
  const Bytes bytes = file_bytes(
      name == "fmp4" ? fragmented_mp4() : made("after." + name, "-i " + plain + " -c copy"));
  const auto all = undisturbed(bytes);
  send_over_a_death(bytes, 20, 8);  // as it comes live (replay.h, 1)
  EXPECT_THAT(told.losses, IsEmpty());
  EXPECT_EQ(packets_of(told.video), all);
}
INSTANTIATE_TEST_SUITE_P(Containers, AfterDeathOf, ::testing::Values("fmp4", "flv", "ts"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace butai::worker::testing
