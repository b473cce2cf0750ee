#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "media/box_reader.h"
#include "media/cmaf_writer.h"
#include "media/testing/tracks.h"

namespace butai::media {
namespace {

using testing::audio_frame;
using testing::audio_track;
using ::testing::ElementsAre;
using testing::from_hex;
using testing::video_frame;
using testing::video_track;

std::vector<std::string> boxes_of(ByteView bytes) {
  std::vector<std::string> names;
  EXPECT_TRUE(for_each_box(bytes, [&](const Box& box) {
    names.emplace_back(box.type.data(), 4);
    return true;
  }));
  return names;
}
ByteView inside(ByteView bytes, std::initializer_list<std::string_view> path) {
  const std::vector<std::string_view> names(path);
  const auto box = find_box(bytes, names);
  EXPECT_TRUE(box) << names.back();
  return box ? box->payload : ByteView{};
}
std::string as_hex(ByteView bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

TEST(Init, of_one_track_is_a_cmaf_header) {
  const Track track = video_track();
  const Bytes init = write_init({&track, 1});
  EXPECT_THAT(boxes_of(init), ElementsAre("ftyp", "moov"));
  EXPECT_EQ(as_text(inside(init, {"ftyp"})), std::string("cmfc\0\0\0\0iso6cmfcmp41dashavc1", 28));
  EXPECT_THAT(boxes_of(inside(init, {"moov"})), ElementsAre("mvhd", "trak", "mvex"));
  EXPECT_THAT(boxes_of(inside(init, {"moov", "trak"})), ElementsAre("tkhd", "mdia"));
  EXPECT_THAT(boxes_of(inside(init, {"moov", "trak", "mdia"})),
              ElementsAre("mdhd", "hdlr", "minf"));
  EXPECT_THAT(boxes_of(inside(init, {"moov", "trak", "mdia", "minf"})),
              ElementsAre("vmhd", "dinf", "stbl"));
  EXPECT_THAT(boxes_of(inside(init, {"moov", "trak", "mdia", "minf", "stbl"})),
              ElementsAre("stsd", "stts", "stsc", "stco", "stsz"));
  // No sample and no duration anywhere.
  EXPECT_EQ(as_hex(inside(init, {"moov", "trak", "mdia", "minf", "stbl", "stts"})),
            "0000000000000000");
}

TEST(Init, is_read_back_with_all_that_a_decoder_needs) {
  const std::vector<Track> tracks = {video_track(), audio_track()};
  const auto read = parse_init(write_init(tracks));
  ASSERT_TRUE(read) << sentence(read.error());
  ASSERT_EQ(read->size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(same_decoding((*read)[i], tracks[i])) << i;
  EXPECT_EQ((*read)[0].width, 320);
  EXPECT_EQ((*read)[0].height, 240);
  EXPECT_EQ((*read)[1].channels, 2);
  EXPECT_EQ((*read)[1].sample_rate, 48'000u);
}

TEST(Init, of_protected_tracks_is_read_as_well) {
  std::vector<Track> tracks = {video_track(), audio_track()};
  for (const Scheme scheme : {Scheme::Cenc, Scheme::Cbcs}) {
    for (Track& track : tracks) {
      track.protection = TrackProtection{.scheme = scheme};
      track.protection->kid.fill(static_cast<std::uint8_t>(track.id));
      if (scheme == Scheme::Cbcs) track.protection->constant_iv.fill(0xc5);
    }
    const auto read = parse_init(write_init(tracks));
    ASSERT_TRUE(read) << sentence(read.error());
    ASSERT_EQ(read->size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ((*read)[i].codec, tracks[i].codec);
      EXPECT_EQ((*read)[i].config.text(), tracks[i].config.text());
      EXPECT_EQ((*read)[i].protection, tracks[i].protection);
    }
  }
}

TEST(Init, that_is_encrypted_in_a_way_of_its_own_is_refused) {
  Track track = video_track();
  track.protection = TrackProtection{.scheme = Scheme::Cbcs};
  const Bytes good = write_init({&track, 1});
  const std::size_t tenc = good.text().find("tenc") + 4, schm = good.text().find("schm") + 4;
  const auto with = [&](std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> bytes(good.view().begin(), good.view().end());
    bytes[at] = value;
    return parse_init(bytes).has_value();
  };
  EXPECT_TRUE(with(tenc + 8, 0xee));    // another key id
  EXPECT_FALSE(with(schm + 7, 'x'));    // another scheme
  EXPECT_FALSE(with(tenc + 5, 0x28));   // another pattern
  EXPECT_FALSE(with(tenc + 6, 0));      // not protected at all
  EXPECT_FALSE(with(tenc + 7, 16));     // an IV per sample
  EXPECT_FALSE(with(tenc + 24, 8));     // a short constant IV
  EXPECT_FALSE(with(tenc + 24, 0xff));  // one that is longer than its box
}

TEST(Chunk, of_a_protected_track_says_how_each_sample_is_encrypted) {
  for (const Scheme scheme : {Scheme::Cenc, Scheme::Cbcs}) {
    Track track = video_track();
    track.protection = TrackProtection{.scheme = scheme};
    std::vector<Frame> frames = {video_frame(0, true), video_frame(3000, false)};
    for (Frame& frame : frames) frame.duration = 3000;
    ChunkAuxiliary told;
    told.scheme = scheme;
    const std::uint64_t iv = scheme == Scheme::Cenc ? 0xf0f1f2f3f4f5f6f7 : 0;
    told.samples = {{iv, 1}, {iv, 2}};
    told.subsamples = {{7, 0}, {2, 1}, {1, 3}};
    const Bytes chunk(lay_out_chunk(track, frames, 1, told).bytes);
    const auto parsed = parse_chunk(chunk);
    ASSERT_TRUE(parsed);
    const auto read = read_auxiliary(*parsed, scheme);
    ASSERT_TRUE(read) << sentence(read.error());
    EXPECT_EQ(read->subsamples, told.subsamples);
    ASSERT_EQ(read->samples.size(), 2u);
    EXPECT_EQ(read->samples[1].iv, iv);
    EXPECT_EQ(read->samples[1].subsamples, 2u);
    // What lies is refused: a count that is not the chunk's, more subsamples than there are.
    const auto at = static_cast<std::size_t>(parsed->senc.data() - chunk.data());
    const int first = scheme == Scheme::Cenc ? 16 : 8;  // how many subsamples the first one has
    for (const auto& [offset, value] :
         {std::pair{7, 3}, std::pair{first + 1, 40}, std::pair{first, 0xff}}) {
      std::vector<std::uint8_t> bytes(chunk.view().begin(), chunk.view().end());
      bytes[at + static_cast<std::size_t>(offset)] = static_cast<std::uint8_t>(value);
      const auto lying = parse_chunk(bytes);
      ASSERT_TRUE(lying);
      EXPECT_FALSE(read_auxiliary(*lying, scheme)) << offset;
    }
  }
  Frame clear = video_frame(0, true);
  clear.duration = 3000;
  const Bytes chunk = write_chunk(video_track(), {&clear, 1}, 1);
  EXPECT_TRUE(parse_chunk(chunk)->senc.empty());
  EXPECT_FALSE(read_auxiliary(*parse_chunk(chunk), Scheme::Cbcs));
}

TEST(Init, carries_colour_aspect_and_bit_rate_when_they_are_known) {
  Track track = video_track();
  track.config = from_hex(testing::kAvcMain25);
  track.bitrate = 2'500'000;
  const auto entry = [](ByteView init) {
    return inside(init, {"moov", "trak", "mdia", "minf", "stbl", "stsd"}).subspan(8 + 8 + 78);
  };
  EXPECT_THAT(boxes_of(entry(write_init({&track, 1}))), ElementsAre("avcC", "colr", "btrt"));
  track.config = from_hex(testing::kAvcBaseline2997);
  track.bitrate = 0;
  const Bytes init = write_init({&track, 1});
  EXPECT_THAT(boxes_of(entry(init)), ElementsAre("avcC", "pasp", "colr"));
  EXPECT_EQ(as_hex(inside(entry(init), {"pasp"})), "0000000400000003");
}

TEST(Chunk, of_a_video_frame_is_read_back_the_same) {
  Frame frame = video_frame(1'800'000'000LL * 90'000, true);
  frame.pts = frame.dts + 6000;
  frame.duration = 3000;
  frame.captured = utc_of(1'800'000'000'654'321);
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 77);
  EXPECT_THAT(boxes_of(chunk), ElementsAre("prft", "moof", "mdat"));
  const auto parsed = parse_chunk(chunk);
  ASSERT_TRUE(parsed) << sentence(parsed.error());
  EXPECT_EQ(parsed->track, kVideoTrack);
  EXPECT_EQ(parsed->sequence, 77u);
  EXPECT_EQ(parsed->base_decode_time, frame.dts);
  EXPECT_EQ(parsed->captured, frame.captured);
  ASSERT_EQ(parsed->samples.size(), 1u);
  EXPECT_EQ(parsed->samples[0].duration, 3000);
  EXPECT_EQ(parsed->samples[0].composition_offset, 6000);
  EXPECT_TRUE(parsed->samples[0].sync);
  EXPECT_EQ(as_text(parsed->samples[0].bytes), frame.data.text());
}

TEST(Chunk, of_a_frame_with_room_is_the_same_and_made_where_the_frame_is) {
  Frame frame = video_frame(1'800'000'000LL * 90'000, true);
  frame.pts = frame.dts + 6000;
  frame.duration = 3000;
  frame.captured = utc_of(1'800'000'000'654'321);  // with all boxes that there are
  const Bytes copied = write_chunk(video_track(), {&frame, 1}, 77);
  std::vector<std::uint8_t> owned(kFrameRoom);
  owned.insert(owned.end(), frame.data.view().begin(), frame.data.view().end());
  frame.data = Bytes(std::move(owned), kFrameRoom);
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 77);
  EXPECT_EQ(as_hex(chunk), as_hex(copied));
  EXPECT_EQ(chunk.data() + chunk.size(), frame.data.data() + frame.data.size());
}

TEST(Chunk, says_captured_in_version_one_of_prft) {
  Frame frame = video_frame(90'000, true);
  frame.duration = 3000;
  frame.captured = utc_of(500'000);  // half a second after 1970
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 1);
  EXPECT_EQ(as_hex(inside(chunk, {"prft"})),
            "01000018"
            "00000001"
            "83aa7e8080000000"
            "0000000000015f90");
  EXPECT_THAT(boxes_of(write_chunk(video_track(), {&frame, 1}, 1, CaptureTime::Omit)),
              ElementsAre("moof", "mdat"));
  frame.captured = {};
  EXPECT_THAT(boxes_of(write_chunk(video_track(), {&frame, 1}, 1)), ElementsAre("moof", "mdat"));
}

TEST(Chunk, capture_time_survives_to_the_microsecond) {
  Frame frame = video_frame(0, true);
  frame.duration = 1;
  for (std::int64_t micros = 1'800'000'000'000'000; micros < 1'800'000'000'002'000; micros += 7) {
    frame.captured = utc_of(micros);
    EXPECT_EQ(parse_chunk(write_chunk(video_track(), {&frame, 1}, 1))->captured, utc_of(micros));
  }
}

TEST(Chunk, uses_the_boxes_and_flags_of_cmaf) {
  Frame frame = video_frame(5, false);
  frame.duration = 3000;
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 9);
  EXPECT_THAT(boxes_of(inside(chunk, {"moof", "traf"})), ElementsAre("tfhd", "tfdt", "trun"));
  EXPECT_EQ(as_hex(inside(chunk, {"moof", "traf", "tfhd"})),
            "00020028"
            "00000001"
            "00000bb8"
            "01010000");
  EXPECT_EQ(as_hex(inside(chunk, {"moof", "traf", "tfdt"})),
            "01000000"
            "0000000000000005");
  // version 1, data offset and sizes; one sample of 7 bytes after 100 bytes of moof and 8 of mdat
  EXPECT_EQ(as_hex(inside(chunk, {"moof", "traf", "trun"})),
            "01000201"
            "00000001"
            "0000006c"
            "00000007");
}

TEST(Chunk, of_sound_holds_several_frames) {
  std::vector<Frame> frames = {audio_frame(0), audio_frame(1024)};
  frames[0].duration = frames[1].duration = 1024;
  frames[1].data = from_hex("aabb");
  const Bytes chunk = write_chunk(audio_track(), frames, 1);
  const auto parsed = parse_chunk(chunk);
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->samples.size(), 2u);
  EXPECT_EQ(parsed->duration(), 2048);
  EXPECT_TRUE(parsed->samples[1].sync);
  EXPECT_EQ(as_hex(parsed->samples[1].bytes), "aabb");
}

TEST(Chunk, frames_that_differ_keep_their_own_values) {
  std::vector<Frame> frames = {video_frame(0, true), video_frame(3000, false),
                               video_frame(7000, false)};
  frames[0].duration = 3000, frames[1].duration = 4000, frames[2].duration = 1;
  frames[0].pts = 6000, frames[1].pts = 2000, frames[2].pts = 7000;
  const Bytes chunk = write_chunk(video_track(), frames, 1);
  const auto parsed = parse_chunk(chunk);
  ASSERT_TRUE(parsed);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(parsed->samples[i].duration, frames[i].duration);
    EXPECT_EQ(parsed->samples[i].composition_offset, frames[i].pts - frames[i].dts);
    EXPECT_EQ(parsed->samples[i].sync, frames[i].key);
    EXPECT_EQ(as_text(parsed->samples[i].bytes), frames[i].data.text());
  }
}

TEST(Chunk, chunks_in_a_row_are_read_one_by_one) {
  Frame frame = video_frame(0, true);
  frame.duration = 3000;
  const Bytes one = write_chunk(video_track(), {&frame, 1}, 1);
  const std::string two = std::string(one.text()) + std::string(one.text());
  ByteView rest;
  ASSERT_TRUE(parse_chunk(as_bytes(two), &rest));
  EXPECT_EQ(rest.size(), one.size());
  ASSERT_TRUE(parse_chunk(rest, &rest));
  EXPECT_TRUE(rest.empty());
}

TEST(Codecs, are_named_as_rfc_6381_says) {
  EXPECT_EQ(codec_string(video_track()), "avc1.64000d");
  EXPECT_EQ(codec_string(audio_track()), "mp4a.40.2");
  Track high_efficiency = audio_track();
  high_efficiency.config = from_hex("2b118800");
  EXPECT_EQ(codec_string(high_efficiency), "mp4a.40.5");
}

TEST(BoxReader, refuses_every_truncation_of_a_chunk) {
  Frame frame = video_frame(0, true);
  frame.duration = 3000;
  frame.captured = utc_of(5);
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 1);
  for (std::size_t length = 0; length < chunk.size(); ++length) {
    EXPECT_FALSE(parse_chunk(chunk.view().first(length))) << length;
  }
}

TEST(BoxReader, refuses_sizes_that_lie) {
  EXPECT_EQ(parse_chunk(from_hex("000000076d6f6f66")).error(), BoxError::BadSize);
  EXPECT_EQ(parse_chunk(from_hex("7fffffff6d6f6f66")).error(), BoxError::Truncated);
  EXPECT_EQ(parse_chunk(from_hex("000000016d6f6f66ffffffffffffffff")).error(), BoxError::Truncated);
  EXPECT_EQ(parse_chunk(from_hex("000000016d6f6f660000000000000008")).error(), BoxError::BadSize);
  EXPECT_EQ(parse_chunk({}).error(), BoxError::MissingBox);
}

TEST(BoxReader, refuses_samples_outside_the_mdat) {
  Frame frame = video_frame(0, true);
  frame.duration = 3000;
  const Bytes chunk = write_chunk(video_track(), {&frame, 1}, 1);
  const auto trun = inside(chunk, {"moof", "traf", "trun"});
  const auto at = static_cast<std::size_t>(trun.data() - chunk.data());
  const auto with = [&](std::size_t offset, std::uint8_t value) {
    std::vector<std::uint8_t> bytes(chunk.view().begin(), chunk.view().end());
    bytes[at + offset] = value;
    return parse_chunk(bytes);
  };
  EXPECT_EQ(with(11, 0x10).error(), BoxError::BadOffsets);  // data offset
  EXPECT_EQ(with(15, 0xff).error(), BoxError::BadOffsets);  // sample size
  EXPECT_EQ(with(4, 0x7f).error(), BoxError::TooManySamples);
  EXPECT_TRUE(with(15, 0x06));
}

}  // namespace
}  // namespace butai::media
