// Reads back what cmaf_writer writes, and little more: for tests, `butai watch`, relays.
// Flow:   bytes from a server or a file -> for_each_box / parse_chunk / parse_init
// Thread: pure functions, any.
// Limits: kBoxDepthMax nested boxes, kChunkSamplesMax samples; never reads past its view.
// Spec:   ISO/IEC 14496-12:2022 clauses 4.2, 8.8, 8.16.5; ISO/IEC 23001-7:2023 clauses 7.2, 8.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "media/limits.h"
#include "media/track.h"

namespace butai::media {

enum class BoxError : std::uint8_t {
  Truncated,  // a box is longer than what holds it
  BadSize,    // a box shorter than its own header
  TooManySamples,
  MissingBox,   // moof, traf, tfhd, tfdt, trun or mdat is not there
  BadOffsets,   // samples outside the mdat
  Unsupported,  // not the layout this program writes
};
std::string_view sentence(BoxError error);

struct Box {
  std::array<char, 4> type{};
  ByteView whole;    // with its header
  ByteView payload;  // without
  bool is(std::string_view name) const { return std::string_view(type.data(), 4) == name; }
};

// Calls `visit` for each box that lies directly in `bytes`, in order; stops early when it says
// false. A box of size 0 reaches to the end.
std::expected<void, BoxError> for_each_box(ByteView bytes,
                                           const std::function<bool(const Box&)>& visit);

// The first box under `path` ("moov", "trak", "mdia"), each found in the one before.
std::optional<Box> find_box(ByteView bytes, std::span<const std::string_view> path);

struct Sample {
  std::int64_t duration = 0;            // ticks
  std::int64_t composition_offset = 0;  // ticks; pts - dts
  bool sync = false;
  ByteView bytes;  // inside the chunk's mdat
};

struct ParsedChunk {
  TrackId track = 0;
  std::uint32_t sequence = 0;
  std::int64_t base_decode_time = 0;  // ticks of the track
  std::vector<Sample> samples;        // views into the bytes that were parsed
  ByteView senc;                      // likewise, its payload; empty: not encrypted
  Utc captured{};                     // from prft; epoch: none

  std::int64_t duration() const {
    std::int64_t sum = 0;
    for (const Sample& sample : samples) sum += sample.duration;
    return sum;
  }
};

// The first [prft] moof mdat in `bytes`; `rest` gets what follows it. Boxes it does not know are
// passed over.
std::expected<ParsedChunk, BoxError> parse_chunk(ByteView bytes, ByteView* rest = nullptr);

// How the samples of an encrypted chunk are encrypted. As many samples as the chunk has, or an error.
std::expected<ChunkAuxiliary, BoxError> read_auxiliary(const ParsedChunk& chunk, Scheme scheme);

// The tracks of an init segment: id, codec, timescale, config, dimensions or rate, protection.
std::expected<std::vector<Track>, BoxError> parse_init(ByteView bytes);

}  // namespace butai::media
