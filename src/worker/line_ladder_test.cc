#include <gmock/gmock.h>

#include <map>
#include <set>

#include "media/testing/captions.h"
#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

// What the packager's own frames of a source would be, on the wall clock.
class LadderTest : public LineTest {
 protected:
  struct ByTrack final : LineListener {
    void on_tracks(const std::vector<media::Track>& told) override { tracks = told; }
    void on_frame(media::Frame frame) override { frames[frame.track].push_back(std::move(frame)); }
    void on_loss(const std::string& reason) override { losses.push_back(reason); }
    void on_complaint(const std::string& sentence) override { complaints.push_back(sentence); }
    std::vector<media::Track> tracks;
    std::map<media::TrackId, std::vector<media::Frame>> frames;
    std::vector<std::string> losses, complaints;
  };

  void open_ladder(std::vector<Rung> rungs) {
    LineOptions options;
    options.executable = worker_executable();
    options.job = Job::Ladder;
    options.rungs = std::move(rungs);
    options.label = "test/ladder";
    line = std::make_unique<Line>(loop, clock, std::move(options), made);
  }

  // A fragmented film through a demuxer, moved to now.
  void read_source(const std::string& path) {
    open(Job::Demux);
    send(file_bytes(path));
    line->finish();
    ASSERT_TRUE(until([&] { return told.ended; }));
    const std::int64_t now = micros_of(clock.utc());
    for (auto* frames : {&told.video, &told.audio}) {
      for (media::Frame& frame : *frames) {
        const std::uint32_t timescale = told.track(frame.track)->timescale;
        const std::int64_t moved = Ticks::from(Micros{now}, timescale).value;
        frame.dts += moved;
        frame.pts += moved;
      }
    }
  }

  void push_all() {
    line->describe(told.tracks);
    for (const auto& frame : told.video) line->push(frame);
    for (const auto& frame : told.audio) line->push(frame);
  }

  static std::vector<std::int64_t> times(const std::vector<media::Frame>& frames) {
    std::vector<std::int64_t> all;
    for (const auto& frame : frames) all.push_back(frame.pts);
    std::ranges::sort(all);
    return all;
  }
  static std::set<std::int64_t> keys(const std::vector<media::Frame>& frames) {
    std::set<std::int64_t> all;
    for (const auto& frame : frames) {
      if (frame.key) all.insert(frame.pts);
    }
    return all;
  }

  ByTrack made;
};

const std::vector<Rung> kThree{{.name = "180p", .height = 180, .bitrate = 400'000},
                               {.name = "360p", .height = 360, .bitrate = 900'000},
                               {.name = "90p", .height = 90, .bitrate = 100'000},
                               {.name = "sound", .bitrate = 64'000}};

TEST_F(LadderTest, makes_every_picture_smaller_with_the_same_times_and_key_frames) {
  read_source(fragmented_mp4());  // 640 x 360, B-frames
  open_ladder(kThree);
  push_all();
  line->finish();
  const media::TrackId p180 = media::kFirstRung, p360 = p180 + 1, p90 = p180 + 2, sound = p180 + 3;
  ASSERT_TRUE(until([&] {
    return made.frames[p90].size() + 2 >= told.video.size() &&
           made.frames[sound].size() + 4 >= told.audio.size();
  })) << made.frames[p90].size()
      << " and " << made.frames[sound].size();
  EXPECT_FALSE(made.frames.contains(p360)) << "not below the source";
  ASSERT_EQ(made.tracks.size(), 3U);
  EXPECT_EQ(made.tracks[0].id, p180);
  EXPECT_EQ(made.tracks[0].width, 320);
  EXPECT_EQ(made.tracks[0].height, 180);
  EXPECT_EQ(made.tracks[1].width, 160);
  EXPECT_EQ(made.tracks[2].id, sound);
  EXPECT_EQ(made.tracks[2].channels, 2);
  EXPECT_EQ(made.tracks[0].timescale, told.track(media::kVideoTrack)->timescale);
  const auto source_keys = keys(told.video);
  for (const media::TrackId id : {p180, p90}) {
    const auto source_times = times(told.video);
    const auto own = times(made.frames[id]);
    ASSERT_GE(own.size() + 2, source_times.size());  // the decoder keeps the last for reordering
    EXPECT_TRUE(std::equal(own.begin(), own.end(), source_times.begin()));
    EXPECT_EQ(keys(made.frames[id]), source_keys);
  }
  EXPECT_EQ(decodable(made.frames[p180], made.tracks[0], "180p.h264"), made.frames[p180].size());
  EXPECT_THAT(made.complaints, ::testing::IsEmpty());
}

TEST_F(LadderTest, keeps_every_caption_in_the_order_in_which_it_is_seen) {
  read_source(fragmented_mp4());
  std::map<std::int64_t, media::testing::Triplet> sent;  // by time
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    const media::testing::Triplet each{0, static_cast<std::uint8_t>(0x20 + i % 64), 0x41};
    told.video[i].data = media::testing::with_captions(told.video[i].data, {each});
    sent[told.video[i].pts] = each;
  }
  open_ladder({{.name = "180p", .height = 180, .bitrate = 400'000},
               {.name = "90p", .height = 90, .frames_per_second_max = 10, .bitrate = 100'000}});
  push_all();
  line->finish();
  const media::TrackId every = media::kFirstRung, slow = media::kFirstRung + 1;
  ASSERT_TRUE(until([&] { return made.frames[every].size() + 2 >= told.video.size(); }));
  std::vector<media::testing::Triplet> in_order;
  for (const auto& [time, each] : sent) in_order.push_back(each);
  for (const media::TrackId id : {every, slow}) {
    std::vector<media::testing::Triplet> kept;
    for (const media::Frame& frame : made.frames[id]) {
      const auto here = media::testing::captions_in(frame.data);
      kept.insert(kept.end(), here.begin(), here.end());
    }
    ASSERT_GE(kept.size() + 5, in_order.size()) << id;  // those after the last picture made
    in_order.resize(std::min(in_order.size(), kept.size()));
    kept.resize(in_order.size());
    EXPECT_EQ(kept, in_order) << id;
  }
}

TEST_F(LadderTest, counts_the_shorter_side_of_an_upright_picture) {
  read_source(testing::made("upright.mp4",
                            "-f lavfi -i testsrc2=size=180x320:rate=30:duration=1 -c:v libx264 "
                            "-preset ultrafast -pix_fmt yuv420p " +
                                std::string(kFragments)));
  open_ladder(kThree);
  push_all();
  line->finish();
  const media::TrackId p90 = media::kFirstRung + 2;
  ASSERT_TRUE(until([&] { return made.frames[p90].size() + 2 >= told.video.size(); }));
  ASSERT_EQ(made.tracks.size(), 1U) << "180p is what the source has, though it is 320 high";
  EXPECT_EQ(made.tracks[0].width, 90);
  EXPECT_EQ(made.tracks[0].height, 160);
}

TEST_F(LadderTest, goes_on_when_a_service_manager_tells_every_process_to_stop) {
  read_source(fragmented_mp4());
  open_ladder({{.name = "90p", .height = 90, .bitrate = 100'000}});
  line->describe(told.tracks);
  auto& frames = made.frames[media::kFirstRung];
  line->push(told.video[0]);
  ASSERT_TRUE(until([&] { return line->process_id() > 0; }));
  line->push(told.video[1]);
  line->push(told.video[2]);
  ASSERT_TRUE(until([&] { return !frames.empty(); }));
  ::kill(line->process_id(), SIGTERM);  // the parent drains first
  for (std::size_t i = 3; i < told.video.size(); ++i) line->push(told.video[i]);
  ASSERT_TRUE(until([&] { return frames.size() + 2 >= told.video.size(); }));
  EXPECT_TRUE(made.losses.empty());
}

TEST_F(LadderTest, goes_on_at_the_next_key_frame_when_its_child_is_killed) {
  read_source(fragmented_mp4());
  open_ladder({{.name = "90p", .height = 90, .bitrate = 100'000}});
  line->describe(told.tracks);
  auto& frames = made.frames[media::kFirstRung];
  line->push(told.video[0]);
  line->push(told.video[1]);
  line->push(told.video[2]);
  ASSERT_TRUE(until([&] { return !frames.empty(); }));
  ::kill(line->process_id(), SIGKILL);
  ASSERT_TRUE(until([&] { return made.losses.size() == 1 && line->process_id() > 0; }));
  frames.clear();
  const auto source_keys = keys(told.video);
  ASSERT_EQ(source_keys.size(), 2U);
  for (const auto& frame : told.video) {
    if (frame.pts > *source_keys.begin()) line->push(frame);  // misses the first key frame
  }
  ASSERT_TRUE(until([&] { return frames.size() >= 10; }));
  EXPECT_TRUE(frames.front().key);
  EXPECT_EQ(frames.front().pts, *source_keys.rbegin());
}

TEST_F(LadderTest, a_machine_that_is_too_slow_leaves_out_the_largest_and_says_so) {
  read_source(fragmented_mp4());
  for (media::Frame& frame : told.video) {  // as if it had waited for two seconds
    frame.pts -= std::int64_t{2} * told.track(media::kVideoTrack)->timescale;
    frame.dts -= std::int64_t{2} * told.track(media::kVideoTrack)->timescale;
  }
  open_ladder(kThree);
  line->describe(told.tracks);
  for (std::size_t i = 0; i < 30; ++i) line->push(told.video[i]);
  for (std::size_t i = 0; i < 10; ++i) line->push(told.audio[i]);
  ASSERT_TRUE(until([&] { return made.frames[media::kFirstRung + 2].size() >= 20; }));
  EXPECT_TRUE(made.frames[media::kFirstRung].empty());
  EXPECT_THAT(made.complaints, ::testing::ElementsAre(::testing::HasSubstr("180p")));
}

}  // namespace
}  // namespace butai::worker::testing
