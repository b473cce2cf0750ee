// Requests that wait, without sockets: a channel's view fed by a real packager, exchanges that note
// what they were given.
#include "delivery/hls/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/testing/manual_time.h"
#include "delivery/hls/reply.h"
#include "delivery/limits.h"
#include "net/loop.h"
#include "package/testing/line.h"

namespace butai::delivery::hls {
namespace {

using ::testing::HasSubstr;
using Line = package::testing::Line;

// What became of one request.
struct Seen {
  int status = 0;
  std::string text;
  const net::ReadyAnswer* ready = nullptr;
  std::function<void()> gone;
};

class NotedExchange final : public net::Exchange {
 public:
  NotedExchange(net::Loop& loop, Seen& seen) : loop_(loop), seen_(seen) {}
  net::Loop& loop() override { return loop_; }
  void respond(net::Response response) override {
    seen_.status = response.status;
    for (const Bytes& piece : response.body) seen_.text += piece.text();
  }
  void give(const net::ReadyAnswerPtr& answer) override {
    seen_.ready = answer.get();
    respond(answer->response());
  }
  std::unique_ptr<net::BodyWriter> stream(net::Response) override { return nullptr; }
  void on_gone(std::function<void()> callback) override { seen_.gone = std::move(callback); }

 private:
  net::Loop& loop_;
  Seen& seen_;
};

// A view that takes what the packager says.
class ViewSink final : public live::ChunkSink {
 public:
  explicit ViewSink(live::ChannelView& view) : view_(view) {}
  void publish(live::PackageEvent event) override { view_.apply(live::Update{std::move(event)}); }

 private:
  live::ChannelView& view_;
};

class HoldTest : public ::testing::Test {
 protected:
  HoldTest() {
    packager_.on_tracks({media::testing::video_track({Line::kRate, 1})});
    run(3);  // segment …0 is complete, …1 is open with 3 parts
  }
  void run(int seconds) {
    for (const int end = frame_ + seconds * Line::kRate; frame_ < end; ++frame_) {
      packager_.on_frame(media::testing::video_frame(
          Line::kOrigin * 90'000 + std::int64_t{frame_} * 3600, frame_ % 50 == 0));
    }
  }
  Shelf& shelf() { return Shelf::of(view_, time_, time_); }
  void wait(const Awaited& what, Seen& seen, const Wish& wish = {}) {
    shelf().hold().wait(what, wish, std::make_unique<NotedExchange>(loop_, seen));
  }
  static Awaited point(std::uint64_t after_first, std::optional<std::size_t> part) {
    return {Awaited::Kind::Playlist, media::kVideoTrack, 900'000'000 + after_first, part};
  }

  butai::testing::ManualTime time_;
  net::Loop loop_{0};
  live::ChannelView view_{"main", live::Latency::Low};
  ViewSink sink_{view_};
  package::Packager packager_{sink_};
  int frame_ = 0;
};

TEST_F(HoldTest, a_sweep_gives_all_who_wait_for_a_part_the_same_answer) {
  std::vector<Seen> seen(10'000);
  for (Seen& each : seen) wait(point(1, 3), each);
  EXPECT_EQ(seen.front().status, 0);
  run(1);
  ASSERT_NE(seen.front().ready, nullptr);
  EXPECT_THAT(seen.front().text, HasSubstr(".3.m4s\"\n#EXT-X-P"));
  for (const Seen& each : seen) EXPECT_EQ(each.ready, seen.front().ready);
  EXPECT_FALSE(view_.has_listeners());
}

TEST_F(HoldTest, each_gets_what_it_waits_for_in_the_form_it_wishes) {
  Seen part, segment, packed;
  Wish zipped;
  zipped.form.coding = Coding::Gzip;
  wait(point(1, 4), part);
  wait(point(1, std::nullopt), segment);
  wait(point(1, 4), packed, zipped);
  run(1);
  EXPECT_EQ(part.status, 200);
  EXPECT_EQ(packed.status, 200);
  EXPECT_TRUE(packed.text.starts_with("\x1f\x8b")) << "gzip";
  EXPECT_EQ(segment.status, 0);
  run(1);
  EXPECT_EQ(segment.status, 200);
}

TEST_F(HoldTest, a_hinted_part_is_given_when_it_is_whole) {
  const std::int64_t start = (Line::kOrigin + 2) * 90'000;
  const Awaited next{Awaited::Kind::Part, media::kVideoTrack, static_cast<std::uint64_t>(start), 3};
  EXPECT_FALSE(reply(view_, shelf(), next, {}));
  Seen seen;
  wait(next, seen);
  run(1);
  EXPECT_EQ(seen.status, 200);
  const live::Segment& segment = *view_.log(media::kVideoTrack)->find(start);
  EXPECT_EQ(seen.text.size(), segment.parts[3].size);
}

TEST_F(HoldTest, a_part_that_was_never_hinted_is_404_at_once) {
  const std::int64_t start = (Line::kOrigin + 2) * 90'000;
  Seen seen;
  NotedExchange exchange(loop_, seen);
  const auto now =
      reply(view_, shelf(),
            {Awaited::Kind::Part, media::kVideoTrack, static_cast<std::uint64_t>(start), 5}, {});
  ASSERT_TRUE(now);
  send(exchange, *now);
  EXPECT_EQ(seen.status, 404);
}

TEST_F(HoldTest, who_waits_too_long_is_told_503) {
  Seen early, late;
  wait(point(1, 3), early);
  time_.advance(kHoldMax / 2);
  wait(point(1, 3), late);
  time_.advance(kHoldMax / 2);
  EXPECT_EQ(early.status, 503);
  EXPECT_EQ(late.status, 0);
  time_.advance(kHoldMax / 2);
  EXPECT_EQ(late.status, 503);
  EXPECT_FALSE(view_.has_listeners());
}

TEST_F(HoldTest, who_left_is_forgotten) {
  Seen left, stays;
  wait(point(1, 3), left);
  wait(point(1, 3), stays);
  left.gone();
  run(1);
  EXPECT_EQ(left.status, 0);
  EXPECT_EQ(stays.status, 200);
}

TEST_F(HoldTest, the_end_of_the_channel_releases_everybody) {
  Seen seen;
  wait(point(2, 5), seen);
  view_.apply(live::Update{live::Ended{}});
  EXPECT_EQ(seen.status, 200);
  EXPECT_THAT(seen.text, HasSubstr("#EXT-X-ENDLIST"));
}

}  // namespace
}  // namespace butai::delivery::hls
