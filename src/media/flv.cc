#include "media/flv.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <vector>

#include "media/byte_reader.h"

namespace butai::media {
namespace {

// E.4.3.1 and E.4.2.1.
constexpr std::uint8_t kCodecH264 = 7, kFrameKey = 1, kFrameInter = 2, kFrameCommand = 5;
constexpr std::uint8_t kFormatAac = 10, kFormatEnhanced = 9;
constexpr std::uint8_t kEnhancedVideo = 0x80;  // Enhanced RTMP: the frame type's highest bit
constexpr std::uint8_t kAacHead = 0xaf;        // AAC is always said to be 44 kHz, 16 bits, stereo
constexpr std::int32_t kCompositionMax = 0x7f'ffff;

std::int32_t signed24(std::uint32_t value) { return static_cast<std::int32_t>(value << 8) >> 8; }

std::string four_characters(ByteView body) {
  std::string name;
  for (std::size_t i = 1; i < std::min<std::size_t>(5, body.size()); ++i) {
    name += body[i] > ' ' && body[i] < 0x7f ? static_cast<char>(body[i]) : '?';
  }
  return name;
}

void append(std::vector<std::uint8_t>& out, std::uint32_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

Bytes joined(std::vector<std::uint8_t> head, ByteView payload) {
  head.insert(head.end(), payload.begin(), payload.end());
  return Bytes(std::move(head));
}

}  // namespace

std::string_view sentence(FlvError error) {
  switch (error) {
    case FlvError::Truncated:
      return "an audio or video message ends inside its header";
    case FlvError::OtherCodec:
      return "this codec is not taken: send H.264 and AAC";
    case FlvError::Enhanced:
      return "Enhanced RTMP is not taken yet: set the encoder to H.264 and AAC";
    case FlvError::BadPacketType:
      return "an audio or video message has an unknown packet type";
  }
  return "the message cannot be used";
}

std::expected<FlvVideo, FlvError> parse_flv_video(ByteView body) {
  ByteReader reader(body);
  const std::uint8_t head = reader.u8();
  if (!reader.ok()) return std::unexpected(FlvError::Truncated);
  if ((head & kEnhancedVideo) != 0) return std::unexpected(FlvError::Enhanced);
  FlvVideo video;
  if (head >> 4 == kFrameCommand) return video;
  if ((head & 15) != kCodecH264) return std::unexpected(FlvError::OtherCodec);
  video.key = head >> 4 == kFrameKey;
  const std::uint8_t type = reader.u8();
  const std::uint32_t composition = reader.u24();
  if (!reader.ok()) return std::unexpected(FlvError::Truncated);
  if (type > 2) return std::unexpected(FlvError::BadPacketType);
  if (type == 2) return video;  // end of sequence
  video.part = type == 0 ? FlvPart::Config : FlvPart::Unit;
  video.composition_millis = type == 1 ? signed24(composition) : 0;
  video.payload = reader.rest();
  return video;
}

std::expected<FlvAudio, FlvError> parse_flv_audio(ByteView body) {
  ByteReader reader(body);
  const std::uint8_t head = reader.u8();
  if (!reader.ok()) return std::unexpected(FlvError::Truncated);
  if (head >> 4 == kFormatEnhanced) return std::unexpected(FlvError::Enhanced);
  if (head >> 4 != kFormatAac) return std::unexpected(FlvError::OtherCodec);
  const std::uint8_t type = reader.u8();
  if (!reader.ok()) return std::unexpected(FlvError::Truncated);
  if (type > 1) return std::unexpected(FlvError::BadPacketType);
  FlvAudio audio;
  audio.part = type == 0 ? FlvPart::Config : FlvPart::Unit;
  audio.payload = reader.rest();
  return audio;
}

std::string flv_codec_name(FlvTag tag, ByteView body) {
  constexpr std::array<std::string_view, 16> kSound = {
      "PCM",        "ADPCM",      "MP3",        "PCM",
      "Nellymoser", "Nellymoser", "Nellymoser", "G.711",
      "G.711",      "",           "AAC",        "Speex",
      "",           "",           "MP3",        "a device's own sound"};
  constexpr std::array<std::string_view, 16> kPicture = {
      "", "JPEG", "Sorenson H.263", "Screen Video", "VP6", "VP6", "Screen Video 2", "H.264", "", "",
      "", "",     "H.265",          "AV1",          "",    ""};
  if (body.empty()) return "nothing";
  const std::uint8_t head = body[0];
  const bool sound = tag == FlvTag::Audio;
  const bool enhanced = sound ? head >> 4 == kFormatEnhanced : (head & kEnhancedVideo) != 0;
  if (enhanced) return "Enhanced RTMP (" + four_characters(body) + ")";
  const std::string_view name = sound ? kSound.at(head >> 4) : kPicture.at(head & 15);
  return name.empty() ? "an unknown codec" : std::string(name);
}

Bytes flv_video(const FlvVideo& video) {
  const std::uint8_t frame = video.key ? kFrameKey : kFrameInter;
  std::vector<std::uint8_t> out;
  out.reserve(kFlvVideoHead + video.payload.size());
  out.push_back(static_cast<std::uint8_t>(frame << 4 | kCodecH264));
  out.push_back(video.part == FlvPart::Config ? 0 : video.part == FlvPart::Unit ? 1 : 2);
  const std::int32_t composition =
      std::clamp(video.composition_millis, -kCompositionMax, kCompositionMax);
  append(out, static_cast<std::uint32_t>(composition) & 0xff'ffff, 3);
  return joined(std::move(out), video.payload);
}

Bytes flv_audio(const FlvAudio& audio) {
  std::vector<std::uint8_t> out;
  out.reserve(kFlvAudioHead + audio.payload.size());
  out.push_back(kAacHead);
  out.push_back(audio.part == FlvPart::Config ? 0 : 1);
  return joined(std::move(out), audio.payload);
}

Bytes flv_file_header() {
  // Version 1, sound and picture, 9 bytes, then the size of no tag before the first.
  return Bytes({'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0});
}

Bytes flv_tag(FlvTag tag, std::int64_t millis, ByteView body) {
  constexpr std::size_t kHead = 11, kTail = 4;
  const auto time = static_cast<std::uint32_t>(millis);
  const auto size = static_cast<std::uint32_t>(body.size());
  std::vector<std::uint8_t> out;
  out.reserve(kHead + body.size() + kTail);
  out.push_back(static_cast<std::uint8_t>(tag));
  append(out, size, 3);
  append(out, time, 3);
  out.push_back(static_cast<std::uint8_t>(time >> 24));
  append(out, 0, 3);
  out.insert(out.end(), body.begin(), body.end());
  append(out, static_cast<std::uint32_t>(kHead) + size, 4);
  return Bytes(std::move(out));
}

}  // namespace butai::media
