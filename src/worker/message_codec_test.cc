#include "worker/message_codec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "worker/limits.h"

namespace butai::worker {
namespace {

std::vector<std::uint8_t> joined(const Wire& wire) {
  std::vector<std::uint8_t> all = wire.head;
  all.insert(all.end(), wire.body.view().begin(), wire.body.view().end());
  return all;
}

// Feeds `bytes` in pieces of at most `piece`; all messages that come out.
std::vector<Message> read_all(const std::vector<std::uint8_t>& bytes, std::size_t piece) {
  MessageReader reader;
  std::vector<Message> messages;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto space = reader.space();
    const std::size_t count = std::min({piece, space.size(), bytes.size() - at});
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), count, space.begin());
    reader.filled(count);
    at += count;
    for (;;) {
      auto message = reader.next();
      EXPECT_TRUE(message.has_value());
      if (!message || !*message) break;
      messages.push_back(std::move(**message));
    }
  }
  return messages;
}

Bytes payload_of(const Wire& wire) {
  const auto messages = read_all(joined(wire), 1'000'000);
  EXPECT_EQ(messages.size(), 1U);
  return messages.empty() ? Bytes() : messages[0].payload;
}

media::Frame frame_of(std::size_t size) {
  media::Frame frame;
  frame.track = media::kAudioTrack;
  frame.dts = -5;
  frame.pts = 1'800'000'000LL * 90'000;
  frame.duration = 3'000;
  frame.key = true;
  frame.captured = utc_of(1'800'000'000'000'001);
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
  frame.data = Bytes(std::move(bytes));
  return frame;
}

TEST(MessageCodec, a_frame_comes_out_as_it_went_in) {
  const auto frame = decode_frame(payload_of(encode(frame_of(1000))));
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(frame->track, media::kAudioTrack);
  EXPECT_EQ(frame->dts, -5);
  EXPECT_EQ(frame->pts, 1'800'000'000LL * 90'000);
  EXPECT_EQ(frame->duration, 3'000);
  EXPECT_TRUE(frame->key);
  EXPECT_EQ(frame->captured, utc_of(1'800'000'000'000'001));
  EXPECT_EQ(frame->data.text(), frame_of(1000).data.text());
}

TEST(MessageCodec, a_configuration_comes_out_as_it_went_in) {
  Configuration in;
  in.job = Job::Capture;
  in.encoding = {60, 5'000'000, 96'000, Micros{2'002'000}, media::DualMono::Both, 2};
  in.capture = {"file:/a b.mp4", Capture::Format::Jpeg, 1920, 1080, 50, true};
  in.rungs = {{"720p", 720, 30, 2'200'000}, {"sound", 0, 0, 64'000}};
  const auto out = decode_configuration(payload_of(encode(in)));
  ASSERT_TRUE(out.has_value());
  ASSERT_EQ(out->rungs.size(), 2U);
  EXPECT_EQ(out->rungs[0].name, "720p");
  EXPECT_EQ(out->rungs[0].height, 720);
  EXPECT_EQ(out->rungs[1].bitrate, 64'000U);
  EXPECT_EQ(out->job, Job::Capture);
  EXPECT_EQ(out->encoding.frames_per_second_max, 60U);
  EXPECT_EQ(out->encoding.video_bitrate, 5'000'000U);
  EXPECT_EQ(out->encoding.audio_bitrate, 96'000U);
  EXPECT_EQ(out->encoding.segment, Micros{2'002'000});
  EXPECT_EQ(out->encoding.dual_mono, media::DualMono::Both);
  EXPECT_EQ(out->encoding.sounds, 2);
  EXPECT_EQ(out->capture.source, "file:/a b.mp4");
  EXPECT_EQ(out->capture.format, Capture::Format::Jpeg);
  EXPECT_EQ(out->capture.width, 1920);
  EXPECT_EQ(out->capture.height, 1080);
  EXPECT_EQ(out->capture.frames_per_second, 50U);
  EXPECT_TRUE(out->capture.loop);
}

TEST(MessageCodec, tracks_come_out_as_they_went_in) {
  media::Track video;
  video.config = Bytes::copy_of("configuration");
  video.width = 1280, video.height = 720;
  video.frame_rate = {30'000, 1'001};
  media::Track audio;
  audio.id = media::kAudioTrack;
  audio.codec = media::Codec::Aac;
  audio.timescale = audio.sample_rate = 44'100;
  audio.channels = 2;
  media::Track second = audio;
  second.id = media::kSecondSound;
  const auto out = decode_tracks(payload_of(encode(std::vector{video, audio, second})));
  ASSERT_TRUE(out.has_value());
  ASSERT_EQ(out->size(), 3U);
  EXPECT_TRUE(media::same_decoding((*out)[2], second));
  EXPECT_TRUE(media::same_decoding((*out)[0], video));
  EXPECT_EQ((*out)[0].frame_rate, video.frame_rate);
  EXPECT_TRUE(media::same_decoding((*out)[1], audio));
  EXPECT_EQ((*out)[1].channels, 2);
}

TEST(MessageCodec, messages_of_all_sizes_survive_being_cut_anywhere) {
  std::vector<std::uint8_t> wire;
  const std::vector<std::size_t> sizes{1, 100, 65'000, 65'536, 300'000, 5, 1'000'000, 1};
  for (const std::size_t size : sizes) {
    const auto one = joined(encode(frame_of(size)));
    wire.insert(wire.end(), one.begin(), one.end());
  }
  for (const std::size_t piece : {1UL, 7UL, 4'096UL, 65'536UL, 10'000'000UL}) {
    const auto messages = read_all(wire, piece);
    ASSERT_EQ(messages.size(), sizes.size()) << piece;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto frame = decode_frame(messages[i].payload);
      ASSERT_TRUE(frame.has_value());
      EXPECT_EQ(frame->data.text(), frame_of(sizes[i]).data.text());
    }
  }
}

std::expected<std::optional<Message>, MessageError> first_of(std::vector<std::uint8_t> bytes) {
  MessageReader reader;
  std::copy(bytes.begin(), bytes.end(), reader.space().begin());
  reader.filled(bytes.size());
  return reader.next();
}

TEST(MessageCodec, refuses_what_is_too_long_or_unknown) {
  EXPECT_EQ(first_of({0xFF, 0xFF, 0xFF, 0xFF, 66}).error(), MessageError::TooLong);
  EXPECT_EQ(first_of({0, 0, 0, 0, 0}).error(), MessageError::UnknownType);
  EXPECT_EQ(first_of({0, 0, 0, 0, 72}).error(), MessageError::UnknownType);
  EXPECT_FALSE(first_of({0, 0, 0, 1, 66}).value().has_value()) << "more is to come";
}

TEST(MessageCodec, refuses_cut_and_impossible_values) {
  const Bytes whole = payload_of(encode(frame_of(1)));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_frame(whole.slice(0, size)).has_value()) << size;
  }
  EXPECT_EQ(decode_container(Bytes::copy_of("\x05")).error(), MessageError::BadValue);
  EXPECT_EQ(decode_container(Bytes::copy_of("\x01\x01")).error(), MessageError::Truncated);
  media::Track strange;
  strange.id = 70;
  EXPECT_EQ(decode_tracks(payload_of(encode(std::vector{strange}))).error(),
            MessageError::BadValue);
  strange.id = media::kSecondSound;  // a picture
  EXPECT_EQ(decode_tracks(payload_of(encode(std::vector{strange}))).error(),
            MessageError::BadValue);
  Configuration silent;
  silent.encoding.sounds = 0;
  EXPECT_EQ(decode_configuration(payload_of(encode(silent))).error(), MessageError::BadValue);
  Configuration endless;
  endless.encoding.segment = Micros{0};
  EXPECT_EQ(decode_configuration(payload_of(encode(endless))).error(), MessageError::BadValue);
}

TEST(MessageCodec, sentences_are_cut_and_made_printable) {
  const auto text =
      decode_text(payload_of(encode(MessageType::Complaint, std::string(5'000, 'x') + "\n")));
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->size(), kSentenceBytesMax);
  EXPECT_EQ(decode_text(Bytes::copy_of("a\x1b[31m\n")).value(), "a?[31m?");
}

}  // namespace
}  // namespace butai::worker
