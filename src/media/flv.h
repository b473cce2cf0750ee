// FLV tags, which are also the bodies of RTMP's audio and video messages: H.264 and AAC, read and
// written; everything else is named, so that its sender can be told.
// Flow:   RTMP message -> parse_flv_video, parse_flv_audio -> ingest/rtmp/media_path
//         media::Frame -> flv_video, flv_audio -> RTMP message of `butai publish`
//         RTMP message -> flv_tag -> worker (what must be re-encoded)
// Thread: pure functions, any.
// Limits: nothing is read past its view; payloads are views into the caller's bytes.
// Spec:   Adobe Flash Video File Format 10.1, annex E.2 to E.4; Enhanced RTMP v2 (recognised only).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace butai::media {

enum class FlvTag : std::uint8_t { Audio = 8, Video = 9, Script = 18 };

enum class FlvError : std::uint8_t {
  Truncated,      // ends before its header does
  OtherCodec,     // neither H.264 nor AAC
  Enhanced,       // Enhanced RTMP: another header, for codecs that are not taken yet
  BadPacketType,  // of H.264 or AAC, a number that means nothing
};
std::string_view sentence(FlvError error);

// What a body carries: the decoder's configuration, one access unit, or nothing to keep (end of
// sequence, a command for Flash players).
enum class FlvPart : std::uint8_t { Config, Unit, Nothing };

struct FlvVideo {
  FlvPart part = FlvPart::Nothing;
  bool key = false;                     // as its sender says; the NAL units know better
  std::int32_t composition_millis = 0;  // pts - dts; may be negative
  ByteView payload;                     // AVCDecoderConfigurationRecord, or NAL units with lengths
};
struct FlvAudio {
  FlvPart part = FlvPart::Nothing;
  ByteView payload;  // AudioSpecificConfig, or one raw AAC frame
};
std::expected<FlvVideo, FlvError> parse_flv_video(ByteView body);
std::expected<FlvAudio, FlvError> parse_flv_audio(ByteView body);

// The name of what a body is coded in, for a sentence: "H.265", "MP3", "Enhanced RTMP (hvc1)".
std::string flv_codec_name(FlvTag tag, ByteView body);

// Bodies. `composition_millis` is kept within its 24 bits.
inline constexpr std::size_t kFlvVideoHead = 5, kFlvAudioHead = 2;  // bytes before the payload
Bytes flv_video(const FlvVideo& video);
Bytes flv_audio(const FlvAudio& audio);

// A file: its header once, then tags. The time is cut to 32 bits.
Bytes flv_file_header();
Bytes flv_tag(FlvTag tag, std::int64_t millis, ByteView body);

}  // namespace butai::media
