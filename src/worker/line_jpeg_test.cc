#include <fmt/format.h>
#include <gmock/gmock.h>

#include "worker/testing/line_fixture.h"

namespace butai::worker::testing {
namespace {

using ::testing::IsEmpty;

class Jpeg : public LineTest {
 protected:
  std::vector<Bytes> pictures(const std::string& size, int count) {
    made(size + "_001.jpg", "-f lavfi -i testsrc2=size=" + size + ":rate=30 -frames:v " +
                                std::to_string(count) + " -q:v 3 " +
                                media_folder().operator/(size) + "_%03d.jpg -frames:v 1 -y");
    std::vector<Bytes> list;
    for (int i = 1; i <= count; ++i) {
      list.push_back(file_bytes(media_folder() / fmt::format("{}_{:03}.jpg", size, i)));
    }
    return list;
  }
  // One picture at a time, each waited for; 1/30 s apart in arrival.
  void encode_all(const std::vector<Bytes>& list) {
    for (const Bytes& jpeg : list) {
      const std::size_t before = told.video.size();
      line->write(jpeg, arrival, arrival - Millis{7});
      ASSERT_TRUE(until([&] { return told.video.size() > before; }));
      arrival += Micros{33'333};
    }
  }
  Utc arrival = utc_of(1'800'000'001'000'000);
};

TEST_F(Jpeg, makes_h264_with_key_frames_on_the_segment_grid) {
  open(Job::Jpeg);
  encode_all(pictures("640x360", 60));
  ASSERT_EQ(told.tracks.size(), 1U);
  EXPECT_EQ(decodable(told.video, told.tracks[0], "from_jpeg.h264"), 60U);
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < told.video.size(); ++i) {
    if (told.video[i].key) keys.push_back(i);
  }
  EXPECT_THAT(keys, ::testing::ElementsAre(0, 31))
      << "the first, and the first at or after the 2 s";
  EXPECT_EQ(told.video[5].captured, utc_of(1'800'000'001'000'000 + 5 * 33'333 - 7'000));
  EXPECT_EQ(told.video[5].pts, told.video[5].dts);
  EXPECT_EQ(told.video[0].pts, 1'800'000'001LL * 90'000);
}

TEST_F(Jpeg, tells_a_new_track_when_the_size_changes) {
  open(Job::Jpeg);
  encode_all(pictures("640x360", 3));
  encode_all(pictures("321x241", 3));
  EXPECT_EQ(told.track_tellings, 2);
  EXPECT_EQ(told.tracks[0].width, 320);
  EXPECT_EQ(told.tracks[0].height, 240);
  EXPECT_TRUE(told.video[3].key);
}

TEST_F(Jpeg, encodes_on_wish_a_key_frame) {
  open(Job::Jpeg);
  const auto list = pictures("640x360", 3);
  encode_all(list);
  line->ask_key_frame();
  encode_all(list);
  EXPECT_TRUE(told.video[3].key);
  EXPECT_FALSE(told.video[4].key);
}

TEST_F(Jpeg, complains_about_a_broken_picture_and_goes_on) {
  open(Job::Jpeg);
  auto list = pictures("640x360", 3);
  line->write(list[0].slice(0, 300), arrival);
  ASSERT_TRUE(until([&] { return !told.complaints.empty(); }));
  arrival += Millis{100};
  encode_all(list);
  EXPECT_THAT(told.losses, IsEmpty());
}

TEST_F(Jpeg, keeps_the_newest_picture_when_the_encoder_is_behind) {
  open(Job::Jpeg);
  const auto list = pictures("1280x720", 30);
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_TRUE(line->write(list[i % 30], arrival, arrival));
    arrival += Micros{33'333};
  }
  const auto newest = Ticks::from((arrival - Micros{33'333}).time_since_epoch(), 90'000).value;
  ASSERT_TRUE(until([&] { return !told.video.empty() && told.video.back().pts == newest; }));
  EXPECT_LT(told.video.size(), 60U) << "the others were left out";
}

}  // namespace
}  // namespace butai::worker::testing
