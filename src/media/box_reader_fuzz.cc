// Chunks and init segments from a server that may be anybody; what is read is written again by our
// own writer and must be read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "media/aac.h"
#include "media/box_reader.h"
#include "media/cmaf_writer.h"

namespace {

using namespace butai;
using namespace butai::media;

void must(bool truth) {
  if (!truth) std::abort();
}

void rewrite(const ParsedChunk& chunk) {
  if (chunk.samples.empty() || (chunk.track != kVideoTrack && chunk.track != kAudioTrack)) return;
  Track track;
  track.id = chunk.track;
  std::vector<Frame> frames;
  std::int64_t dts = chunk.base_decode_time;
  if (dts > std::int64_t{1} << 60) return;
  for (const Sample& sample : chunk.samples) {
    Frame frame;
    frame.track = chunk.track;
    frame.dts = dts;
    frame.pts = dts + sample.composition_offset;
    frame.duration = sample.duration;
    frame.key = sample.sync;
    frame.data = Bytes::copy_of(sample.bytes);
    frames.push_back(frame);
    dts += sample.duration;
    // A version 0 trun has unsigned offsets, ours are signed.
    if (sample.composition_offset > 0x7fffffff) return;
  }
  const Bytes written = write_chunk(track, frames, chunk.sequence);
  const auto again = parse_chunk(written);
  must(again.has_value());
  must(again->samples.size() == chunk.samples.size() && again->duration() == chunk.duration());
  for (std::size_t i = 0; i < frames.size(); ++i) {
    must(as_text(again->samples[i].bytes) == as_text(chunk.samples[i].bytes));
    must(again->samples[i].composition_offset == chunk.samples[i].composition_offset);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input{bytes, size};
  if (const auto chunk = parse_chunk(input)) {
    rewrite(*chunk);
    for (const Scheme scheme : {Scheme::Cbcs, Scheme::Cenc}) {
      const auto auxiliary = read_auxiliary(*chunk, scheme);
      must(!auxiliary || auxiliary->samples.size() == chunk->samples.size());
    }
  }
  if (const auto tracks = parse_init(input)) {
    for (const Track& track : *tracks) (void)codec_string(track);
    (void)write_init(*tracks);
  }
  if (const auto config = parse_aac_config(input)) must(config->channels > 0);
  if (const auto frame = parse_adts(input)) must(frame->whole_size <= size);
  return 0;
}
