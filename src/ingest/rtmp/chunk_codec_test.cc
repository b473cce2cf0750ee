#include "ingest/rtmp/chunk_codec.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "ingest/rtmp/limits.h"

namespace butai::ingest::rtmp {
namespace {

using Raw = std::vector<std::uint8_t>;

// A chunk of format 0: `length` may differ from what follows.
Raw full(std::uint8_t id, std::uint32_t time, std::uint32_t length, MessageType type, Raw payload) {
  Raw out{id};
  for (int shift : {16, 8, 0}) out.push_back(static_cast<std::uint8_t>(time >> shift));
  for (int shift : {16, 8, 0}) out.push_back(static_cast<std::uint8_t>(length >> shift));
  out.push_back(static_cast<std::uint8_t>(type));
  out.insert(out.end(), {1, 0, 0, 0});
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}
Raw operator+(Raw a, const Raw& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}
Raw chunk_size(std::uint32_t size) {
  return full(2, 0, 4, MessageType::SetChunkSize,
              {static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
               static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)});
}
Raw with_id(int format, std::uint8_t id) { return {static_cast<std::uint8_t>(format << 6 | id)}; }

struct Read {
  std::vector<Message> messages;
  std::optional<ChunkError> error;
};
Read read(const Raw& bytes, std::size_t piece = 1'000'000) {
  ChunkReader reader;
  Read out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    ByteView view = ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at));
    for (;;) {
      auto next = reader.next(view);
      if (!next) {
        out.error = next.error();
        return out;
      }
      if (!*next) break;
      out.messages.push_back(std::move(**next));
    }
  }
  return out;
}

TEST(Chunks, messages_of_all_sizes_and_times_come_back_however_they_are_cut) {
  ChunkWriter writer;
  Raw bytes;
  std::vector<Message> sent;
  std::uint32_t time = 0xff'fff0;
  for (const std::size_t size : {0u, 1u, 127u, 128u, 129u, 5000u, 70'000u}) {
    for (const std::uint32_t chunks : {4u, 63u, 64u, 319u, 320u, 65'599u}) {
      sent.push_back({MessageType::Video, chunks, 1, time, Bytes(Raw(size, 0xff))});
      writer.write(sent.back(), bytes);
      time += 40;
    }
    if (size == 129) writer.set_chunk_size(4096, bytes);
  }
  for (const std::size_t piece : {1u, 3u, 997u, 1'000'000u}) {
    const Read got = read(bytes, piece);
    ASSERT_FALSE(got.error);
    ASSERT_EQ(got.messages.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_EQ(got.messages[i].timestamp, sent[i].timestamp);
      EXPECT_EQ(got.messages[i].chunk_stream, sent[i].chunk_stream);
      EXPECT_EQ(got.messages[i].payload.text(), sent[i].payload.text());
    }
  }
}

TEST(Chunks, short_heads_carry_steps_of_time) {
  const Raw bytes = full(4, 1000, 1, MessageType::Audio, {1}) + with_id(1, 4) +
                    Raw{0, 0, 23, 0, 0, 1, 8, 2} +      // + 23
                    with_id(2, 4) + Raw{0, 0, 20, 3} +  // + 20
                    with_id(3, 4) + Raw{4};             // + 20 again
  const Read got = read(bytes);
  ASSERT_EQ(got.messages.size(), 4u);
  EXPECT_EQ(got.messages[1].timestamp, 1023u);
  EXPECT_EQ(got.messages[2].timestamp, 1043u);
  EXPECT_EQ(got.messages[3].timestamp, 1063u);
}

TEST(Chunks, a_head_less_message_after_a_full_head_steps_by_its_time_unless_that_is_no_step) {
  const Raw step = full(4, 23, 1, MessageType::Audio, {1}) + with_id(3, 4) + Raw{2};
  EXPECT_EQ(read(step).messages.at(1).timestamp, 46u);
  const Raw none = full(4, 500'000, 1, MessageType::Audio, {1}) + with_id(3, 4) + Raw{2};
  EXPECT_EQ(read(none).messages.at(1).timestamp, 500'000u);
}

TEST(Chunks, librtmp_may_begin_its_control_chunks_with_a_short_head) {
  const Raw bytes = with_id(1, 2) + Raw{0, 0, 0, 0, 0, 6, 4, 0, 3, 0, 0, 0, 9};
  EXPECT_EQ(read(bytes).messages.at(0).type, MessageType::UserControl);
}

TEST(Chunks, B1_chunk_sizes_of_nothing_and_negative_ones_are_refused) {
  EXPECT_EQ(read(chunk_size(0)).error, ChunkError::BadChunkSize);
  EXPECT_EQ(read(chunk_size(0x8000'0000)).error, ChunkError::BadChunkSize);
  EXPECT_EQ(read(chunk_size(0xffff'ffff)).error, ChunkError::BadChunkSize);
  EXPECT_EQ(read(full(2, 0, 3, MessageType::SetChunkSize, {0, 0, 1})).error,
            ChunkError::BadControl);
}

TEST(Chunks, B1_a_chunk_size_of_2147483647_means_do_not_cut_and_allocates_nothing) {
  const Raw body(300'000, 7);
  const Raw bytes = chunk_size(0x7fff'ffff) + full(4, 0, 300'000, MessageType::Video, body);
  const Read got = read(bytes, 997);
  ASSERT_FALSE(got.error);
  EXPECT_EQ(got.messages.at(0).payload.size(), body.size());
}

TEST(Chunks, B1_a_chunk_size_of_one_works) {
  const Raw bytes = chunk_size(1) + full(4, 0, 3, MessageType::Audio, {1}) + with_id(3, 4) +
                    Raw{2} + with_id(3, 4) + Raw{3};
  EXPECT_EQ(read(bytes).messages.at(0).payload.size(), 3u);
}

TEST(Chunks, B2_messages_that_are_too_long_for_their_type_are_refused) {
  EXPECT_EQ(read(full(4, 0, 16'777'215, MessageType::Video, {1})).error,
            ChunkError::MessageTooLong);
  EXPECT_EQ(read(full(4, 0, kVideoBytesMax, MessageType::Video, {1})).error, std::nullopt);
  EXPECT_EQ(read(full(4, 0, kAudioBytesMax + 1, MessageType::Audio, {1})).error,
            ChunkError::MessageTooLong);
  EXPECT_EQ(read(full(4, 0, kAmfBytesMax + 1, MessageType::Command, {1})).error,
            ChunkError::MessageTooLong);
}

TEST(Chunks, B2_what_unfinished_messages_announce_is_bounded) {
  Raw bytes;
  for (std::uint8_t id = 3; id < 5; ++id) {
    bytes = bytes + full(id, 0, kVideoBytesMax, MessageType::Video, Raw(128, 0));
  }
  EXPECT_EQ(read(bytes).error, ChunkError::TooMuchUnfinished);
  Raw streams;
  for (std::uint8_t id = 3; id < 3 + kChunkStreamsMax + 1; ++id) {
    streams = streams + full(id, 0, 1, MessageType::Audio, {1});
  }
  EXPECT_EQ(read(streams).error, ChunkError::TooManyStreams);
}

TEST(Chunks, B3_chunks_that_lean_on_nothing_are_refused) {
  EXPECT_EQ(read(with_id(1, 4) + Raw(7, 0)).error, ChunkError::NothingToContinue);
  EXPECT_EQ(read(with_id(2, 4) + Raw(3, 0)).error, ChunkError::NothingToContinue);
  EXPECT_EQ(read(with_id(3, 4)).error, ChunkError::NothingToContinue);
  EXPECT_EQ(read(with_id(3, 0) + Raw{1}).error, ChunkError::NothingToContinue);
  EXPECT_EQ(read(with_id(3, 1) + Raw{1, 1}).error, ChunkError::NothingToContinue);
}

TEST(Chunks, B3_a_length_that_changes_inside_a_message_is_refused) {
  const Raw begun = full(4, 0, 1000, MessageType::Video, Raw(128, 0));
  EXPECT_EQ(read(begun + full(4, 0, 10, MessageType::Video, {1})).error, ChunkError::ChangedInside);
  EXPECT_EQ(read(begun + with_id(1, 4) + Raw{0, 0, 0, 0, 0, 9, 9}).error,
            ChunkError::ChangedInside);
}

TEST(Chunks, B3_abort_drops_a_message_and_is_refused_for_an_unknown_stream) {
  const Raw begun = full(4, 0, 1000, MessageType::Video, Raw(128, 0));
  const Raw abort4 = full(2, 0, 4, MessageType::Abort, {0, 0, 0, 4});
  const Read got = read(begun + abort4 + full(4, 0, 1, MessageType::Video, {5}));
  ASSERT_FALSE(got.error);
  EXPECT_EQ(got.messages.at(0).payload.size(), 1u);
  EXPECT_EQ(read(full(2, 0, 4, MessageType::Abort, {0, 0, 0, 9})).error, ChunkError::BadControl);
}

// 4 h 39 m 37 s, 2^31 and 2^32 milliseconds, from ten seconds before.
TEST(Chunks, B4_times_go_on_past_every_wrap) {
  for (const std::uint64_t wrap : {0xff'ffffULL, 0x8000'0000ULL, 0x1'0000'0000ULL}) {
    ChunkWriter writer;
    Raw bytes;
    std::vector<std::uint32_t> times;
    for (std::uint64_t time = wrap - 10'000; time < wrap + 10'000; time += 40) {
      times.push_back(static_cast<std::uint32_t>(time));
      writer.write({MessageType::Video, 6, 1, times.back(), Bytes(Raw(300, 1))}, bytes);
    }
    const Read got = read(bytes, 997);
    ASSERT_EQ(got.messages.size(), times.size());
    for (std::size_t i = 0; i < times.size(); ++i) EXPECT_EQ(got.messages[i].timestamp, times[i]);
  }
}

TEST(Chunks, B4_an_extended_time_may_be_repeated_or_not) {
  const Raw extended{0x01, 0x23, 0x45, 0x67};
  const Raw head = full(4, 0xff'ffff, 200, MessageType::Video, extended + Raw(128, 7));
  const Raw tail = Raw(72, 8);
  for (const Raw& bytes : {head + with_id(3, 4) + extended + tail, head + with_id(3, 4) + tail}) {
    for (const std::size_t piece : {1u, 1000u}) {
      const Read got = read(bytes, piece);
      ASSERT_EQ(got.messages.size(), 1u);
      EXPECT_EQ(got.messages[0].timestamp, 0x0123'4567u);
      EXPECT_EQ(as_text(got.messages[0].payload), as_text(Raw(128, 7) + tail));
    }
  }
}

TEST(Chunks, B4_an_extended_time_that_is_not_repeated_before_a_short_tail) {
  const Raw extended{1, 2, 3, 4};
  // The tail is two bytes: what is looked at for a time reaches into the next chunk.
  const Raw bytes = full(4, 0xff'ffff, 130, MessageType::Video, extended + Raw(128, 7)) +
                    with_id(3, 4) + Raw{8, 9} + full(5, 3, 1, MessageType::Audio, {6});
  const Read got = read(bytes, 1);
  ASSERT_EQ(got.messages.size(), 2u);
  EXPECT_EQ(got.messages[0].payload.view().back(), 9);
  EXPECT_EQ(got.messages[1].payload.view().front(), 6);
}

}  // namespace
}  // namespace butai::ingest::rtmp
