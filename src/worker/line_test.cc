#include "worker/line.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(LineTest, tells_when_the_executable_is_missing) {
  LineOptions options;
  options.executable = "/nonexistent/butai-worker";
  line = std::make_unique<Line>(loop, clock, std::move(options), told);
  ASSERT_TRUE(until([&] { return !told.losses.empty(); }));
  EXPECT_THAT(told.losses[0], HasSubstr("/nonexistent/butai-worker"));
}

TEST_F(LineTest, goes_on_after_its_child_was_killed) {
  open(Job::Demux);
  const Bytes bytes = file_bytes(fragmented_mp4());
  const std::size_t half = bytes.size() / 2;
  send(bytes.slice(0, half));
  ASSERT_TRUE(until([&] { return told.video.size() > 20 && line->process_id() != 0; }));
  const int before = line->process_id();
  kill(before, SIGKILL);
  const auto killed_at = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return !told.losses.empty(); }));
  EXPECT_THAT(told.losses[0], HasSubstr("killed by signal 9"));
  told.video.clear();
  ASSERT_TRUE(until([&] { return line->process_id() != 0; }));
  EXPECT_NE(line->process_id(), before);
  send(bytes.slice(half, bytes.size() - half));
  ASSERT_TRUE(until([&] { return !told.video.empty(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - killed_at, Seconds{1});
  EXPECT_TRUE(told.video.front().key);
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  const auto whole = packets_of(fragmented_mp4(), "v");
  const auto rest = packets_of(told.video);
  ASSERT_LT(rest.size(), whole.size());
  EXPECT_TRUE(std::equal(rest.rbegin(), rest.rend(), whole.rbegin())) << "times go on as they were";
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
    return !told.losses.empty();
  }));
  EXPECT_TRUE(until([&] { return line->process_id() != 0 && line->process_id() != before; }));
}

// The same for containers whose header is not one piece, or is none.
class AfterDeath : public LineTest, public ::testing::WithParamInterface<const char*> {};

TEST_P(AfterDeath, goes_on_at_the_next_boundary) {
  const std::string name = GetParam();
  const std::string plain = made("two_keys.mp4", kPicture + kTone +
                                                     "-c:v libx264 -preset ultrafast -g 30 -bf 0 "
                                                     "-pix_fmt yuv420p " +
                                                     kAac);
  const Bytes bytes =
      name == "webm"
          ? file_bytes(made("after.webm", kPicture + "-c:v libvpx -deadline realtime -cpu-used "
                                                     "8 -g 30 -cluster_time_limit 500 -live 1"))
          : file_bytes(made("after." + name, "-i " + plain + " -c copy"));
  open(Job::Demux);
  const std::size_t half = bytes.size() / 2;
  send(bytes.slice(0, half));
  ASSERT_TRUE(until([&] { return told.video.size() > 20 && line->process_id() != 0; }));
  const auto last = told.video.back().pts;
  kill(line->process_id(), SIGKILL);
  ASSERT_TRUE(until([&] { return !told.losses.empty() && line->process_id() != 0; }));
  told.video.clear();
  send(bytes.slice(half, bytes.size() - half));
  line->finish();
  ASSERT_TRUE(until([&] { return told.ended; }));
  ASSERT_GT(told.video.size(), 10U);
  EXPECT_TRUE(told.video.front().key);
  EXPECT_GT(told.video.front().pts, last) << "times go on";
}
INSTANTIATE_TEST_SUITE_P(Containers, AfterDeath, ::testing::Values("flv", "ts", "webm"),
                         [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace butai::worker::testing
