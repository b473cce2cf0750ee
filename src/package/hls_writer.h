// HLS playlists as text, from what the segment logs hold.
// Flow:   live::ChannelView (SegmentLog, Presentation) -> here -> delivery/hls
// Thread: pure functions, any.
// Limits: what listing.h lists; parts of the last kSegmentsWithParts.
// Spec:   RFC 8216bis (draft 22); version 6 is the lowest that allows EXT-X-MAP here, 9 EXT-X-SKIP.
//
// Addresses are relative to the playlist:
//   index.m3u8 -> video/index.m3u8, audio/index.m3u8 -> init-N.mp4, START.m4s, START.PART.m4s
//              -> captions-ja/index.m3u8 -> START.vtt, START.PART.vtt
// START is the segment's start in ticks of its track, PART counts from 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "live/chunk.h"
#include "package/key_lines.h"
#include "package/limits.h"
#include "package/listing.h"

namespace butai::package {

struct HlsOptions {
  enum class Profile : std::uint8_t { Plain, LowLatency } profile = Profile::LowLatency;
  enum class Life : std::uint8_t { Live, Ended } life = Life::Live;
  Micros segment = kSegment;
  // Delta: EXT-X-SKIP stands for what is older than the skip boundary, if there is any; only low
  // latency playlists that still grow offer it.
  enum class Update : std::uint8_t { Whole, Delta } update = Update::Whole;
  // Text: the playlist of a language's cues, which are cut where `own`, the leading rendition, is.
  enum class Content : std::uint8_t { Media, Text } content = Content::Media;
  std::span<const std::string> languages = {};  // of cues, for the multivariant playlist
  KeysWanted keys = {};                         // of a protected channel
  // All presentations that segments refer to; each knows its keys.
  std::span<const live::PresentationPtr> presentations = {};
  // What stands before the addresses of media, by the start of their segment; empty: nothing does. The same
  // for the same start, so that a segment keeps its address.
  std::function<std::string(Utc start)> media_at = {};
};

std::string hls_multivariant(const live::Presentation& presentation, const Bandwidths& bandwidths,
                             const HlsOptions& options = {});

// The media playlist of `own`; `others` are the other renditions of the presentation, for
// EXT-X-RENDITION-REPORT. Before the first complete segment (low latency: the first part) it lists
// nothing; delivery answers 404 until then.
std::string hls_media(const RenditionLog& own, std::span<const RenditionLog> others,
                      const HlsOptions& options);

// The address of the next part, which may be asked for before it exists. It is a prediction: the
// segment may end sooner or later, and the next one begin beside (find_part).
struct PartAddress {
  std::int64_t start = 0;  // ticks of the track
  std::size_t part = 0;
  friend bool operator==(const PartAddress&, const PartAddress&) = default;
};
// `leading`: where segments are cut, the picture's if there is one.
std::optional<PartAddress> next_part(const RenditionLog& own, const RenditionLog& leading,
                                     Micros segment);

// What an address leads to: that part; where a hint was wrong, the part that took its place on the
// time line; nothing if there is none and will be none.
struct PartFound {
  const live::Segment* segment = nullptr;  // null: not yet
  std::size_t part = 0;
};
std::optional<PartFound> find_part(const live::SegmentLog& log, PartAddress asked);

}  // namespace butai::package
