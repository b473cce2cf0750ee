#include "load/examiner.h"

#include <gtest/gtest.h>

#include "load/material.h"
#include "media/cmaf_writer.h"

namespace butai::load {
namespace {

constexpr Utc kNow = utc_of(1'700'000'000'000'000);

class ExaminerTest : public testing::Test {
 protected:
  Bytes chunk(std::uint64_t number) {
    const media::Frame frame = material_.picture(number, kNow);
    return media::write_chunk(material_.tracks()[0], {&frame, 1}, 1);
  }
  void take(ByteView bytes, Utc live_from = kNow) {
    examiner_.take(bytes, kNow + Millis{5}, live_from);
  }

  Material material_{Workload{600, 25}};
  Findings findings_;
  Examiner examiner_{findings_};
};

TEST_F(ExaminerTest, frames_in_order_are_flawless_and_have_an_age) {
  take(media::write_init(material_.tracks()));
  take(chunk(1));
  take(chunk(2));
  EXPECT_TRUE(findings_.flawless());
  EXPECT_EQ(findings_.frames, 2u);
  EXPECT_EQ(findings_.latency.count(), 2u);
  EXPECT_NEAR(static_cast<double>(findings_.latency.max().count()), 5'000, 100);
}

TEST_F(ExaminerTest, what_is_older_than_the_viewer_says_nothing_about_the_line) {
  take(chunk(1), kNow + Millis{1});
  EXPECT_EQ(findings_.latency.count(), 0u);
}

TEST_F(ExaminerTest, a_hole_is_counted_by_its_frames) {
  take(chunk(1));
  take(chunk(5));
  EXPECT_EQ(findings_.missing, 3u);
}

TEST_F(ExaminerTest, a_frame_twice_is_out_of_order) {
  take(chunk(1));
  take(chunk(1));
  EXPECT_EQ(findings_.out_of_order, 1u);
}

TEST_F(ExaminerTest, other_bytes_are_damage) {
  const Bytes good = chunk(1);
  std::vector<std::uint8_t> bytes(good.view().begin(), good.view().end());
  bytes.back() ^= 1;
  take(bytes);
  EXPECT_EQ(findings_.damaged, 1u);
  take(ByteView(bytes).first(bytes.size() / 2));
  EXPECT_EQ(findings_.unreadable, 1u);
}

TEST_F(ExaminerTest, a_segment_is_many_chunks) {
  std::vector<std::uint8_t> segment;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const Bytes one = chunk(n);
    segment.insert(segment.end(), one.view().begin(), one.view().end());
  }
  take(segment);
  EXPECT_TRUE(findings_.flawless());
  EXPECT_EQ(findings_.frames, 3u);
}

TEST_F(ExaminerTest, holes_of_a_protected_channel_are_found_in_its_times) {
  Examiner sealed(findings_, Examiner::Contents::Sealed);
  for (const int number : {0, 1, 4, 5, 5}) {
    const Utc at = kNow + Millis{40} * number;
    const media::Frame picture = material_.picture(7, at);  // the mark says nothing here
    sealed.take(media::write_chunk(material_.tracks()[0], {&picture, 1}, 1), at, at);
  }
  EXPECT_EQ(findings_.frames, 5u);
  EXPECT_EQ(findings_.missing, 2u);
  EXPECT_EQ(findings_.out_of_order, 1u);
  EXPECT_EQ(findings_.unreadable, 0u);
  EXPECT_EQ(findings_.latency.count(), 5u) << "the capture time stays readable";
}

TEST_F(ExaminerTest, jpeg_pictures_are_examined_too) {
  take(material_.jpeg(1, kNow));
  take(material_.jpeg(3, kNow));
  EXPECT_EQ(findings_.frames, 2u);
  EXPECT_EQ(findings_.missing, 1u);
}

}  // namespace
}  // namespace butai::load
