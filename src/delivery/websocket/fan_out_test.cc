#include "delivery/websocket/fan_out.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <set>
#include <string>

#include "base/testing/manual_time.h"
#include "delivery/limits.h"
#include "delivery/websocket/rendition_choice.h"
#include "delivery/websocket/slow_policy.h"
#include "net/websocket_codec.h"

namespace butai::delivery::websocket {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr Micros kFrame{40'000};
constexpr int kKeyEvery = 50;  // 2 s

// What a viewer received: "init …", "moov", "v7" (picture 7), "k50" (a key frame), "a7" (sound 7).
class Viewer final : public FanOutViewer {
 public:
  bool send(std::span<const Bytes> frames, std::size_t messages) override {
    ++sends;
    if (order != nullptr) order->push_back(this);
    last_pieces = frames.size();
    std::size_t found = 0;
    for (const Bytes& piece : frames) {
      first_byte = piece.data();
      ByteView rest = piece;
      net::HeadReader reader;
      while (!rest.empty()) {
        const auto head = reader.read(rest);
        const std::string_view text = as_text(rest.first(head->length));
        received.emplace_back(text.substr(0, text.find(' ')));
        bytes += full ? 0 : head->length;
        rest = rest.subspan(head->length);
        ++found;
      }
    }
    EXPECT_EQ(found, messages);
    return !full;
  }
  std::uint64_t taken() const override { return bytes; }
  void gap(Utc from, Utc to, std::string_view why) override {
    EXPECT_LE(from, to);
    received.push_back(fmt::format("gap:{}", why));
  }
  void too_slow() override { closed = true; }
  void look() override {}
  void on_channel() override { on_a_channel = true; }
  void on_air_change() override { received.emplace_back("air"); }
  void tell(std::string_view text) override { received.emplace_back(text); }
  void on_end() override { received.emplace_back("end"); }

  std::vector<std::string> taken_out() { return std::exchange(received, {}); }

  std::vector<std::string> received;
  std::vector<const Viewer*>* order = nullptr;  // of all viewers' sends
  const std::uint8_t* first_byte = nullptr;
  std::size_t sends = 0, last_pieces = 0, bytes = 0;
  bool full = false;  // the socket takes part of what it is given
  bool closed = false, on_a_channel = false;
};

// A channel of 25 pictures a second, a key frame every 2 s, each with its sound behind it.
class FanOutTest : public ::testing::Test {
 protected:
  FanOutTest() { present(1); }

  void present(std::uint32_t number) {
    auto presentation = std::make_shared<live::Presentation>();
    presentation->number = number;
    presentation->renditions.resize(two_sounds ? 5 : 4);
    presentation->renditions[0].track.id = media::kVideoTrack;
    presentation->renditions[1].track.id = media::kAudioTrack;
    presentation->renditions[1].track.codec = media::Codec::Aac;
    presentation->renditions[2].name = "480p";
    presentation->renditions[2].track.id = media::kFirstRung;
    presentation->renditions[2].track.height = 480;
    presentation->renditions[3].name = "240p";
    presentation->renditions[3].track.id = media::kFirstRung + 1;
    presentation->renditions[3].track.height = 240;
    if (two_sounds) {
      presentation->renditions[4].name = "audio-2";
      presentation->renditions[4].track.id = media::kSecondSound;
      presentation->renditions[4].track.codec = media::Codec::Aac;
      presentation->renditions[4].track.language = "en";
    }
    presentation->init_all = Bytes::copy_of("moov");
    init_ = number;
    view.apply(live::PackageEvent{live::PresentationPtr(presentation)});
  }
  std::unique_ptr<FanOut> fan_out(Micros interval, FanOut::Feed feed = FanOut::Feed::Chunks,
                                  const Choice& choice = {}) {
    return std::make_unique<FanOut>(view, feed, choice, interval, time, time, counters);
  }

  void chunk(media::TrackId track, bool key, char letter) {
    auto chunk = std::make_shared<live::Chunk>();
    chunk->track = track;
    chunk->start = Ticks::from(origin + next_ * kFrame, 90'000);
    chunk->duration = Ticks::from(kFrame, 90'000);
    chunk->independent = key;
    chunk->init = init_;
    std::string text = fmt::format("{}{} ", letter, next_);
    text.resize(std::max(text.size(), chunk_bytes), '.');
    chunk->bytes = Bytes::copy_of(text);
    view.apply(live::PackageEvent{live::ChunkPtr(chunk)});
  }
  // One picture and its sound, and what a ladder makes of it: 'K' and 'V' are 480p.
  void beat() {
    const bool key = next_ % kKeyEvery == 0;
    chunk(media::kVideoTrack, key, key ? 'k' : 'v');
    chunk(media::kAudioTrack, true, 'a');
    if (two_sounds) chunk(media::kSecondSound, true, 'b');
    if (ladder) chunk(media::kFirstRung, key, key ? 'K' : 'V');
    ++next_;
  }
  void play(int pictures) {
    for (int i = 0; i < pictures; ++i) {
      beat();
      time.advance(kFrame);
    }
  }

  const Micros origin{1'800'000'000'000'000};
  testing::ManualTime time;
  Metrics metrics;
  FanOutCounters counters{metrics, 0};
  live::ChannelView view{"main", live::Latency::Realtime};
  std::size_t chunk_bytes = 0;
  bool ladder = false, two_sounds = false;

 private:
  std::uint32_t init_ = 0;
  int next_ = 0;
};

TEST_F(FanOutTest, a_tick_is_one_send_of_one_piece_that_all_viewers_share) {
  const auto out = fan_out(Millis{100});
  Viewer a, b;
  out->join(a, {});
  out->join(b, {});
  play(10);
  a.sends = b.sends = 0;
  a.taken_out();
  play(10);  // 400 ms
  EXPECT_EQ(a.sends, 4U);
  EXPECT_EQ(b.sends, 4U);
  EXPECT_EQ(a.last_pieces, 1U);
  EXPECT_EQ(a.first_byte, b.first_byte);
  EXPECT_THAT(a.received, SizeIs(20));
}

TEST_F(FanOutTest, without_batching_what_comes_is_sent_in_the_same_turn) {
  const auto out = fan_out(Millis{0});
  Viewer viewer;
  out->join(viewer, {});
  beat();
  time.advance(Micros{0});
  EXPECT_THAT(viewer.received, ElementsAre(StartsWith("{\"type\":\"init\""), "moov", "k0", "a0"));
  EXPECT_EQ(viewer.sends, 1U);
}

TEST_F(FanOutTest, a_new_viewer_gets_init_and_the_newest_key_frame_at_once) {
  const auto out = fan_out(Millis{33});
  Viewer first;
  out->join(first, {});
  play(52);
  Viewer late;
  out->join(late, {});
  ASSERT_THAT(late.received, SizeIs(6));
  EXPECT_THAT(late.received[0], StartsWith("{\"type\":\"init\""));
  EXPECT_EQ(late.received[2], "k50");
  play(1);
  EXPECT_EQ(late.received[6], "v52");
}

TEST_F(FanOutTest, the_first_viewer_of_a_class_gets_what_is_kept) {
  play(52);
  const auto out = fan_out(Millis{100});
  Viewer viewer;
  out->join(viewer, {});
  EXPECT_THAT(viewer.received,
              ElementsAre(StartsWith("{\"type\":\"init\""), "moov", "k50", "a50", "v51", "a51"));
}

TEST_F(FanOutTest, a_viewer_before_the_first_picture_waits_for_it) {
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  EXPECT_FALSE(viewer.on_a_channel);
  view.open(std::make_shared<live::ChannelCounts>());
  play(1);
  EXPECT_TRUE(viewer.on_a_channel);
  EXPECT_THAT(viewer.received, SizeIs(4));
}

TEST_F(FanOutTest, one_who_resumes_goes_on_from_the_key_frame_before) {
  const auto out = fan_out(Millis{33});
  play(60);
  Viewer viewer;
  out->join(viewer, Utc{origin + 55 * kFrame});
  EXPECT_EQ(viewer.received[2], "k50");
  Viewer too_late;
  out->join(too_late, Utc{origin - Seconds{60}});
  EXPECT_EQ(too_late.received.front(), "gap:resume");
}

TEST_F(FanOutTest, a_new_presentation_is_announced_before_its_first_chunk) {
  const auto out = fan_out(Millis{100});
  Viewer viewer;
  out->join(viewer, {});
  play(49);
  time.advance(Millis{100});
  viewer.taken_out();
  beat();  // 49, and in the same tick:
  present(2);
  beat();
  time.advance(Millis{100});
  EXPECT_THAT(viewer.received,
              ElementsAre("v49", "a49", StartsWith("{\"type\":\"init\""), "moov", "k50", "a50"));
}

TEST_F(FanOutTest, a_full_socket_gets_nothing_more_and_loses_nothing_when_it_drains_soon) {
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  play(5);
  viewer.full = true;
  play(1);
  viewer.taken_out();
  const std::size_t sends = viewer.sends;
  play(20);
  EXPECT_EQ(viewer.sends, sends);
  viewer.full = false;
  out->drained(viewer);
  EXPECT_THAT(viewer.received, SizeIs(40));
  EXPECT_EQ(viewer.received.front(), "v6");
}

TEST_F(FanOutTest, one_too_far_behind_jumps_to_the_newest_key_frame_and_is_told) {
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  play(5);
  viewer.full = true;
  play(1);
  viewer.taken_out();
  play(60);
  viewer.full = false;
  out->drained(viewer);
  EXPECT_THAT(viewer.received.front(), "gap:slow");
  EXPECT_EQ(viewer.received[1], "k50");
  EXPECT_EQ(counters.jumps.Value(), 1);
}

TEST_F(FanOutTest, one_whose_place_is_forgotten_jumps_too) {
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  play(5);
  viewer.full = true;
  play(1);
  viewer.taken_out();
  play(500);
  viewer.full = false;
  out->drained(viewer);
  EXPECT_EQ(viewer.received.front(), "gap:slow");
  EXPECT_EQ(viewer.received[1], "k500");
}

TEST_F(FanOutTest, two_megabytes_behind_is_too_far_also) {
  chunk_bytes = 100'000;
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  play(45);
  viewer.full = true;
  play(1);
  viewer.taken_out();
  play(15);  // 3 MB in 0.6 s, and a key frame among them
  viewer.full = false;
  out->drained(viewer);
  EXPECT_EQ(viewer.received.front(), "gap:slow");
  EXPECT_EQ(viewer.received[1], "k50");
}

// Pictures must follow each other, or begin with a key frame behind a gap.
void expect_decodable(const Viewer& viewer) {
  int last = -1;
  for (const std::string& message : viewer.received) {
    if (message[0] != 'v' && message[0] != 'k') continue;
    const int number = std::stoi(message.substr(1));
    if (message[0] == 'v') {
      ASSERT_EQ(number, last + 1) << "a picture without its reference";
    }
    last = number;
  }
}

TEST_F(FanOutTest, never_sends_a_picture_whose_reference_was_dropped) {
  chunk_bytes = 20'000;
  const auto out = fan_out(Millis{33});
  std::list<Viewer> viewers(40);
  for (Viewer& viewer : viewers) out->join(viewer, {});
  std::mt19937 random(7);
  for (int i = 0; i < 1500; ++i) {
    play(1);
    for (Viewer& viewer : viewers) {
      const bool was = std::exchange(viewer.full, random() % 100 < (viewer.full ? 97 : 3));
      if (was && !viewer.full) out->drained(viewer);
    }
  }
  for (const Viewer& viewer : viewers) expect_decodable(viewer);
  EXPECT_GT(counters.jumps.Value(), 10) << "the test would show nothing";
}

TEST_F(FanOutTest, a_thousand_that_stall_together_come_back_without_a_burst) {
  chunk_bytes = 3'000;
  const auto out = fan_out(Millis{33});
  std::list<Viewer> viewers(1000);
  for (Viewer& viewer : viewers) out->join(viewer, {});
  play(60);
  for (Viewer& viewer : viewers) viewer.full = true;
  play(1);
  const std::size_t before = viewers.front().bytes;
  play(200);  // 8 s
  for (Viewer& viewer : viewers) {
    viewer.full = false;
    out->drained(viewer);
  }
  play(5);
  for (const Viewer& viewer : viewers) {
    EXPECT_LT(viewer.bytes - before, kBehindBytesMax);
    EXPECT_FALSE(viewer.closed);
    expect_decodable(viewer);
    ASSERT_EQ(viewer.received.back(), "a265");
  }
}

TEST_F(FanOutTest, a_viewer_whose_socket_takes_nothing_for_ten_seconds_is_closed) {
  const auto out = fan_out(Millis{33});
  Viewer viewer, healthy;
  out->join(viewer, {});
  out->join(healthy, {});
  play(5);
  viewer.full = true;
  play(225);  // 9 s
  EXPECT_FALSE(viewer.closed);
  play(150);  // 6 s
  EXPECT_TRUE(viewer.closed);
  EXPECT_FALSE(healthy.closed);
}

TEST(SlowPolicy, a_viewer_that_falls_behind_for_a_minute_goes) {
  SlowPolicy policy;
  const Steady start{Seconds{1000}};
  bool closed = false;
  int second = 0;
  for (; !closed && second < 200; second += 4) {
    closed = policy.jumped(start + Seconds{second}) == SlowPolicy::Advice::Close;
  }
  EXPECT_EQ(second, 64);
}

TEST(SlowPolicy, a_viewer_that_keeps_up_in_between_stays) {
  SlowPolicy policy;
  for (int second = 1000; second < 2000; second += 15) {
    EXPECT_EQ(policy.jumped(Steady{Seconds{second}}), SlowPolicy::Advice::Stay);
  }
}

TEST(SlowPolicy, the_second_jump_in_a_row_asks_for_a_lower_rendition) {
  SlowPolicy policy;
  Steady now{Seconds{1000}};
  EXPECT_EQ(policy.jumped(now), SlowPolicy::Advice::Stay);
  EXPECT_EQ(policy.jumped(now + Seconds{3}), SlowPolicy::Advice::Lower);
  policy.lowered(now + Seconds{3});
  EXPECT_EQ(policy.jumped(now + Seconds{6}), SlowPolicy::Advice::Stay) << "it begins anew";
}

TEST(SlowPolicy, after_a_calm_time_a_higher_one_is_tried_and_later_each_time_that_fails) {
  SlowPolicy policy;
  Steady now{Seconds{1000}};
  policy.lowered(now);
  EXPECT_FALSE(policy.may_rise(now + Seconds{29}));
  EXPECT_TRUE(policy.may_rise(now + Seconds{30}));
  policy.raised(now + Seconds{30});
  policy.lowered(now + Seconds{40});
  EXPECT_FALSE(policy.may_rise(now + Seconds{99}));
  EXPECT_TRUE(policy.may_rise(now + Seconds{100}));
}

TEST_F(FanOutTest, a_rendition_is_its_picture_with_the_sources_sound) {
  ladder = true;
  play(51);
  const auto source = fan_out(Millis{0});
  const auto smaller = fan_out(Millis{0}, FanOut::Feed::Chunks, {"480p", ""});
  Viewer a, b;
  source->join(a, {});
  smaller->join(b, {});
  play(1);
  EXPECT_THAT(a.received,
              ElementsAre(StartsWith("{\"type\":\"init\""), "moov", "k50", "a50", "v51", "a51"));
  EXPECT_THAT(b.received,
              ElementsAre(StartsWith("{\"type\":\"init\""), ::testing::_, "K50", "a51", "V51"));
}

TEST_F(FanOutTest, of_two_sounds_a_viewer_gets_the_one_it_asked_for) {
  two_sounds = true;
  present(2);
  play(51);
  const auto usual = fan_out(Millis{0});
  const auto other = fan_out(Millis{0}, FanOut::Feed::Chunks, {"", "audio-2"});
  Viewer a, b;
  usual->join(a, {});
  other->join(b, {});
  play(1);
  EXPECT_THAT(a.received,
              ElementsAre(StartsWith("{\"type\":\"init\""), "moov", "k50", "a50", "v51", "a51"));
  EXPECT_THAT(b.received, ElementsAre(StartsWith("{\"type\":\"init\""), ::testing::_, "k50", "b50",
                                      "v51", "b51"));
}

TEST_F(FanOutTest, who_changes_goes_on_at_the_key_frame_before) {
  ladder = true;
  const auto source = fan_out(Millis{0});
  const auto smaller = fan_out(Millis{0}, FanOut::Feed::Chunks, {"480p", ""});
  Viewer viewer;
  source->join(viewer, {});
  play(60);
  viewer.taken_out();
  const Utc sent = source->leave(viewer);
  smaller->join(viewer, sent);
  play(1);
  const auto received = viewer.taken_out();
  ASSERT_GT(received.size(), 3U);
  EXPECT_EQ(received[2], "K50");
  EXPECT_EQ(received.back(), "V60");
}

TEST_F(FanOutTest, only_renditions_that_are_being_made_are_given) {
  const auto open = [this](media::TrackId track) {
    view.apply(
        live::PackageEvent{live::SegmentOpened{track, 1, Ticks::from(origin, 90'000), 1, false}});
  };
  for (const media::TrackId track : {media::kVideoTrack, media::kAudioTrack, media::kFirstRung})
    open(track);
  ladder = true;
  play(1);
  EXPECT_THAT(renditions_for(view, ""), ElementsAre("", "480p")) << "240p has not come yet";
  EXPECT_THAT(renditions_for(view, "480p"), ElementsAre("480p"));
  EXPECT_THAT(renditions_for(view, "240p"), ElementsAre("")) << "better than nothing";
  EXPECT_THAT(renditions_for(view, "unheard-of"), ElementsAre("", "480p"));
  ladder = false;
  play(110);  // 4.4 s without one of 480p
  EXPECT_THAT(renditions_for(view, "480p"), ElementsAre(""));
}

TEST_F(FanOutTest, nobody_is_always_last) {
  const auto out = fan_out(Millis{33});
  std::vector<const Viewer*> order;
  std::list<Viewer> viewers(10);
  for (Viewer& viewer : viewers) {
    viewer.order = &order;
    out->join(viewer, {});
  }
  play(1);
  std::set<const Viewer*> last;
  for (int i = 0; i < 20; ++i) {
    order.clear();
    play(1);
    ASSERT_THAT(order, SizeIs(10));
    last.insert(order.back());
  }
  EXPECT_THAT(last, SizeIs(10));
}

TEST_F(FanOutTest, viewers_come_and_go_in_the_middle_of_it_all) {
  const auto out = fan_out(Millis{33});
  std::list<Viewer> viewers;
  std::mt19937 random(3);
  for (int i = 0; i < 1000; ++i) {
    out->join(viewers.emplace_back(), {});
    if (viewers.size() > 50) {
      auto goes =
          std::next(viewers.begin(), static_cast<std::ptrdiff_t>(random() % viewers.size()));
      out->leave(*goes);
      expect_decodable(*goes);
      viewers.erase(goes);
    }
    play(1);
  }
  for (const Viewer& viewer : viewers) {
    EXPECT_EQ(viewer.received.back(), "a999");
    out->leave(const_cast<Viewer&>(viewer));
  }
  EXPECT_TRUE(out->empty());
}

TEST_F(FanOutTest, what_came_since_the_last_tick_is_sent_before_the_end) {
  const auto out = fan_out(Millis{100});
  Viewer viewer;
  out->join(viewer, {});
  play(3);
  viewer.taken_out();
  chunk(media::kAudioTrack, true, 'l');
  view.apply(live::Ended{});
  ASSERT_GE(viewer.received.size(), 2U);
  EXPECT_EQ(viewer.received.back(), "end");
  EXPECT_EQ(viewer.received[viewer.received.size() - 2].front(), 'l') << viewer.received[0];
}

TEST_F(FanOutTest, the_end_is_told_once_and_leaves_nobody_in) {
  const auto out = fan_out(Millis{33});
  Viewer viewer;
  out->join(viewer, {});
  play(3);
  viewer.taken_out();
  view.apply(live::Ended{});
  EXPECT_THAT(viewer.received, ElementsAre("end"));
  EXPECT_TRUE(out->empty());
  EXPECT_TRUE(out->ended());
  out->leave(viewer);
  time.advance(Seconds{10});
}

TEST_F(FanOutTest, pictures_go_out_unchanged_and_every_one_is_an_entry) {
  const auto out = fan_out(Millis{0}, FanOut::Feed::Pictures);
  Viewer viewer;
  out->join(viewer, {});
  for (int i = 0; i < 3; ++i) {
    auto picture = std::make_shared<media::Picture>();
    picture->jpeg = Bytes::copy_of(fmt::format("jpeg{}", i));
    picture->arrived = time.utc();
    view.apply(live::PicturePtr(picture));
    time.advance(kFrame);
  }
  EXPECT_THAT(viewer.received, ElementsAre("jpeg0", "jpeg1", "jpeg2"));
}

TEST(Pace, widens_when_sweeps_take_too_long_and_narrows_when_they_fit_again) {
  Pace pace(Millis{33});
  EXPECT_FALSE(pace.swept(Millis{40}));
  EXPECT_FALSE(pace.swept(Millis{40}));
  EXPECT_FALSE(pace.swept(Millis{20})) << "a single good one begins anew";
  EXPECT_FALSE(pace.swept(Millis{40}));
  EXPECT_FALSE(pace.swept(Millis{40}));
  EXPECT_TRUE(pace.swept(Millis{40}));
  EXPECT_EQ(pace.interval(), kWideInterval);
  for (int i = 0; i < kCalmSweeps; ++i) EXPECT_FALSE(pace.swept(Millis{10}));
  EXPECT_EQ(pace.interval(), Millis{33});
}

TEST(Pace, other_classes_keep_theirs) {
  Pace none(Millis{0}), slow(Millis{100});
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(none.swept(Seconds{1}));
    EXPECT_FALSE(slow.swept(Seconds{1}));
  }
  EXPECT_EQ(slow.interval(), Millis{100});
}

}  // namespace
}  // namespace butai::delivery::websocket
