#include "delivery/dash/growing.h"

#include <gtest/gtest.h>

#include <string>

#include "live/update.h"
#include "net/loop.h"

namespace butai::delivery::dash {
namespace {

constexpr std::uint32_t kTimescale = 90'000;

// What a viewer of a growing segment has got.
struct Got {
  std::string text;
  bool finished = false, cut = false;
};

class NotedBody final : public net::BodyWriter {
 public:
  explicit NotedBody(Got& got) : got_(got) {}
  ~NotedBody() override { got_.cut = !got_.finished; }
  void write(std::vector<Bytes> pieces) override {
    for (const Bytes& piece : pieces) got_.text += piece.text();
  }
  std::size_t unsent() const override { return 0; }
  void on_drained(std::function<void()>) override {}
  void on_gone(std::function<void()>) override {}
  void finish() override { got_.finished = true; }

 private:
  Got& got_;
};

class NotedExchange final : public net::Exchange {
 public:
  NotedExchange(net::Loop& loop, Got& got) : loop_(loop), got_(got) {}
  net::Loop& loop() override { return loop_; }
  void respond(net::Response) override {}
  std::unique_ptr<net::BodyWriter> stream(net::Response) override {
    return std::make_unique<NotedBody>(got_);
  }
  void on_gone(std::function<void()>) override {}

 private:
  net::Loop& loop_;
  Got& got_;
};

class GrowingTest : public ::testing::Test {
 protected:
  GrowingTest() {
    tell(std::make_shared<const live::Presentation>(
        live::Presentation{1, {{"video", {}, "", {}}}, {}}));
    tell(live::SegmentOpened{media::kVideoTrack, 7, {0, kTimescale}, 1, false});
  }
  void tell(live::PackageEvent event) { view_.apply(live::Update{std::move(event)}); }
  void chunk(std::string_view text) {
    live::Chunk made;
    made.bytes = Bytes::copy_of(text);
    made.start = made.duration = {0, kTimescale};
    tell(std::make_shared<const live::Chunk>(std::move(made)));
  }
  void ask(Got& got) {
    send_growing(view_, media::kVideoTrack, 0, {}, std::make_unique<NotedExchange>(loop_, got));
  }

  net::Loop loop_{0};
  live::ChannelView view_{"main", live::Latency::Low};
};

TEST_F(GrowingTest, gives_what_there_is_then_each_chunk_and_ends_with_the_segment) {
  chunk("a");
  chunk("b");
  Got got;
  ask(got);
  EXPECT_EQ(got.text, "ab");
  chunk("c");
  EXPECT_EQ(got.text, "abc");
  EXPECT_FALSE(got.finished);
  tell(live::SegmentClosed{media::kVideoTrack, {180'000, kTimescale}});
  EXPECT_TRUE(got.finished);
  EXPECT_EQ(got.text, "abc");
  EXPECT_FALSE(view_.has_listeners());
}

TEST_F(GrowingTest, waits_for_the_first_chunk) {
  Got got;
  ask(got);
  EXPECT_EQ(got.text, "");
  chunk("a");
  EXPECT_EQ(got.text, "a");
}

}  // namespace
}  // namespace butai::delivery::dash
