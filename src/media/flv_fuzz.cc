// Bodies of audio and video messages: what is read and written again is read the same; payloads lie
// inside the input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/flv.h"

namespace {

using namespace butai;
using namespace butai::media;

void must(bool truth) {
  if (!truth) std::abort();
}

void inside(ByteView part, ByteView whole) {
  if (part.empty()) return;
  must(part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView body{bytes, size};
  if (const auto video = parse_flv_video(body)) {
    inside(video->payload, body);
    if (video->part != FlvPart::Nothing) {
      const Bytes written = flv_video(*video);
      const auto again = parse_flv_video(written);
      must(again && again->part == video->part && again->key == video->key);
      // -2^23 has no positive twin and is kept one off.
      must(again->composition_millis - video->composition_millis <= 1);
      must(as_text(again->payload) == as_text(video->payload));
    }
  }
  if (const auto audio = parse_flv_audio(body)) {
    inside(audio->payload, body);
    const Bytes written = flv_audio(*audio);
    const auto again = parse_flv_audio(written);
    must(again && again->part == audio->part && as_text(again->payload) == as_text(audio->payload));
  }
  for (const FlvTag tag : {FlvTag::Audio, FlvTag::Video}) {
    must(flv_codec_name(tag, body).size() < 64);
    must(flv_tag(tag, static_cast<std::int64_t>(size), body).size() == size + 15);
  }
  return 0;
}
