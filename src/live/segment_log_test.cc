#include "live/segment_log.h"

#include <gtest/gtest.h>

#include <memory>

#include "live/limits.h"

namespace butai::live {
namespace {

constexpr std::uint32_t kTimescale = 90'000;

Ticks seconds(std::int64_t value) { return {value * kTimescale, kTimescale}; }

ChunkPtr chunk(std::size_t size) {
  Chunk made;
  made.bytes = Bytes(std::vector<std::uint8_t>(size));
  return std::make_shared<const Chunk>(std::move(made));
}

class SegmentLogTest : public ::testing::Test {
 protected:
  void open(std::uint64_t number, std::int64_t start, bool discontinuity = false,
            std::uint32_t init = 1) {
    log_.apply(SegmentOpened{1, number, seconds(start), init, discontinuity});
  }
  void whole(std::uint64_t number, std::int64_t start, bool discontinuity = false,
             std::uint32_t init = 1) {
    open(number, start, discontinuity, init);
    log_.apply(chunk(100));
    log_.apply(PartClosed{1, seconds(start), seconds(2), true});
    log_.apply(SegmentClosed{1, seconds(2)});
  }
  SegmentLog log_{4, 10'000};
};

TEST_F(SegmentLogTest, gathers_chunks_into_parts_and_parts_into_segments) {
  open(7, 14);
  log_.apply(chunk(10));
  log_.apply(chunk(20));
  log_.apply(PartClosed{1, seconds(14), seconds(1), true});
  log_.apply(chunk(30));
  log_.apply(PartClosed{1, seconds(15), seconds(1), false});
  const Segment& segment = log_.segments().back();
  EXPECT_FALSE(segment.complete);
  EXPECT_EQ(segment.bytes, 60u);
  ASSERT_EQ(segment.parts.size(), 2u);
  EXPECT_EQ(segment.parts[0].size, 30u);
  EXPECT_EQ(segment.parts[1].offset, 30u);
  EXPECT_EQ(segment.parts[1].size, 30u);
  log_.apply(SegmentClosed{1, seconds(2)});
  EXPECT_TRUE(segment.complete);
  EXPECT_EQ(segment.duration, seconds(2));
}

TEST_F(SegmentLogTest, parts_are_the_same_bytes_before_and_after_the_segment_is_joined) {
  open(7, 14);
  for (std::uint8_t i = 0; i < 4; ++i) {
    Chunk made;
    made.bytes = Bytes(std::vector<std::uint8_t>(10, i));
    log_.apply(std::make_shared<const Chunk>(std::move(made)));
    if (i % 2 == 1) log_.apply(PartClosed{1, seconds(14), seconds(1), true});
  }
  const Segment& segment = log_.segments().back();
  const auto bytes_of = [&](std::size_t part) {
    std::string text;
    for (const Bytes& piece : segment.pieces(segment.parts[part].offset, segment.parts[part].size))
      text += piece.text();
    return text;
  };
  const std::string first = bytes_of(0), second = bytes_of(1);
  EXPECT_EQ(second, std::string(10, '\2') + std::string(10, '\3'));
  EXPECT_EQ(log_.join(segment.start.value), nullptr) << "it grows";
  log_.apply(SegmentClosed{1, seconds(2)});
  EXPECT_EQ(bytes_of(0), first);
  EXPECT_EQ(log_.join(segment.start.value), &segment);
  EXPECT_TRUE(segment.chunks.empty());
  EXPECT_EQ(bytes_of(0), first);
  EXPECT_EQ(bytes_of(1), second);
  EXPECT_EQ(segment.pieces(5, 30).size(), 1u);
}

TEST_F(SegmentLogTest, a_part_without_chunks_is_none) {
  open(7, 14);
  log_.apply(PartClosed{1, seconds(14), seconds(1), true});
  EXPECT_TRUE(log_.segments().back().parts.empty());
}

TEST_F(SegmentLogTest, what_belongs_to_no_open_segment_is_left_out) {
  log_.apply(chunk(10));
  log_.apply(PartClosed{1, seconds(0), seconds(1), true});
  log_.apply(SegmentClosed{1, seconds(2)});
  EXPECT_TRUE(log_.segments().empty());
  whole(1, 2);
  log_.apply(chunk(10));
  EXPECT_EQ(log_.segments().back().chunks.size(), 1u);
}

TEST_F(SegmentLogTest, drops_the_oldest_and_counts_its_discontinuity) {
  whole(1, 2, true);
  for (std::uint64_t n = 2; n <= 6; ++n) whole(n, static_cast<std::int64_t>(2 * n), n == 3);
  EXPECT_EQ(log_.segments().size(), 4u);
  EXPECT_EQ(log_.segments().front().number, 3u);
  EXPECT_EQ(log_.discontinuities_dropped(), 1u);
}

TEST_F(SegmentLogTest, what_was_on_long_ago_goes_when_enough_has_come_since) {
  SegmentLog& log = log_ = SegmentLog(kSegmentsKept, 10'000);
  for (std::uint64_t i = 0; i < 10; ++i) whole(i, static_cast<std::int64_t>(i) * 2);
  for (std::uint64_t i = 10; i < 16; ++i) {  // an hour later
    whole(i, 3600 + static_cast<std::int64_t>(i - 10) * 2, i == 10);
    EXPECT_EQ(log.segments().front().number, 0u);
  }
  open(16, 3612);
  EXPECT_EQ(log.segments().front().number, 10u);
  EXPECT_EQ(log.discontinuities_dropped(), 0u) << "that of the first segment here is told by it";
}

TEST_F(SegmentLogTest, a_break_of_half_a_minute_forgets_nothing) {
  SegmentLog& log = log_ = SegmentLog(kSegmentsKept, 10'000);
  for (std::uint64_t i = 0; i < 10; ++i) whole(i, static_cast<std::int64_t>(i) * 2);
  for (std::uint64_t i = 10; i < 18; ++i) {
    whole(i, 50 + static_cast<std::int64_t>(i - 10) * 2, i == 10);
  }
  EXPECT_EQ(log.segments().front().number, 0u);
}

TEST_F(SegmentLogTest, drops_by_size_but_keeps_the_newest) {
  whole(1, 2);
  open(2, 4);
  log_.apply(chunk(9'950));
  EXPECT_EQ(log_.segments().front().number, 2u);
  log_.apply(chunk(9'950));
  EXPECT_EQ(log_.segments().size(), 1u);
}

TEST_F(SegmentLogTest, finds_a_segment_by_its_start_alone) {
  whole(1, 2);
  whole(2, 4);
  ASSERT_NE(log_.find(4 * kTimescale), nullptr);
  EXPECT_EQ(log_.find(4 * kTimescale)->number, 2u);
  EXPECT_EQ(log_.find(4 * kTimescale + 1), nullptr);
}

TEST_F(SegmentLogTest, a_run_keeps_its_beginning_when_that_is_dropped) {
  for (std::uint64_t n = 1; n <= 8; ++n) whole(n, static_cast<std::int64_t>(2 * n), n == 2);
  EXPECT_EQ(log_.segments().front().number, 5u);
  EXPECT_EQ(log_.segments().front().run, 2u);
  EXPECT_EQ(log_.segments().front().run_start, seconds(4));
  whole(9, 18, false, 2);  // a new init segment begins a new run too
  EXPECT_EQ(log_.segments().back().run, 9u);
}

TEST_F(SegmentLogTest, an_unclosed_segment_is_complete_when_the_next_opens) {
  open(1, 2);
  open(2, 4);
  EXPECT_TRUE(log_.segments().front().complete);
  EXPECT_FALSE(log_.segments().back().complete);
}

}  // namespace
}  // namespace butai::live
