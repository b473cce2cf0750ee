#include "load/material.h"

#include <gtest/gtest.h>

#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::load {
namespace {

constexpr Utc kNow = utc_of(1'700'000'000'000'000);

Bytes spoiled(const Bytes& bytes) {
  std::vector<std::uint8_t> copy(bytes.view().begin(), bytes.view().end());
  copy[copy.size() - copy.size() / 3] ^= 1;
  return Bytes(std::move(copy));
}

TEST(Material, a_second_has_the_bytes_that_were_asked_for) {
  for (const Workload workload : {Workload{600, 25}, Workload{3'000, 30}}) {
    const Material material(workload);
    std::size_t bytes = 0;
    for (std::uint64_t n = 0; n < 10ULL * workload.frames_per_second; ++n) {
      bytes += material.picture(n, kNow).data.size();
    }
    for (std::uint64_t n = 0; n < 469; ++n) bytes += material.sound(n, kNow).data.size();
    const auto wanted = static_cast<double>(workload.kbit_per_second) * 1000 / 8 * 10;
    EXPECT_NEAR(static_cast<double>(bytes), wanted, wanted * 0.05);
  }
}

TEST(Material, a_picture_says_its_number_time_and_format) {
  const Material material({3'000, 30});
  const media::Frame frame = material.picture(31, kNow);
  EXPECT_FALSE(frame.key);
  EXPECT_TRUE(material.picture(30, kNow).key);
  EXPECT_EQ(media::find_capture(frame.data), kNow);
  const auto mark = mark_of_picture(frame.data);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->number, 31u);
  EXPECT_TRUE(mark->whole);
  const auto sps = media::sps_of(material.tracks()[0].config);
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->width, 1280);
  EXPECT_EQ(sps->height, 720);
  EXPECT_EQ(sps->frame_rate.num, 30 * sps->frame_rate.den);
}

TEST(Material, a_changed_byte_is_seen) {
  const Material material({600, 25});
  EXPECT_FALSE(mark_of_picture(spoiled(material.picture(3, kNow).data)).value().whole);
  EXPECT_FALSE(mark_of_sound(spoiled(material.sound(3, kNow).data)).value().whole);
  EXPECT_FALSE(mark_of_jpeg(spoiled(material.jpeg(3, kNow))).value().whole);
}

TEST(Material, a_jpeg_is_one_and_says_when_it_was_taken) {
  const Material material({3'000, 10});
  const Bytes picture = material.jpeg(7, kNow);
  const auto info = media::inspect_jpeg(picture, 1 << 20);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->captured, kNow);
  EXPECT_EQ(info->width, 64);
  EXPECT_NEAR(static_cast<double>(picture.size()), 37'500, 500);
  EXPECT_EQ(mark_of_jpeg(picture).value().number, 7u);
}

TEST(Material, frames_are_due_at_their_rate) {
  const Material material({600, 25});
  EXPECT_EQ(material.due(Kind::Picture, 25), Seconds{1});
  EXPECT_EQ(material.due(Kind::Sound, 375), Seconds{8});
}

}  // namespace
}  // namespace butai::load
