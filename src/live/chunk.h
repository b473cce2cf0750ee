// One CMAF chunk: the unit that is packaged once and shared by every viewer, playlist and relay.
// Flow:   package/segmenter -> live::Channel -> (one post per loop) live::ChannelView -> delivery
// Thread: immutable after construction; handles are shared between loops.
// Spec:   ISO/IEC 23000-19:2020 clause 7.3.2.3 (CMAF chunk), RFC 6381 for codec strings.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "live/captions.h"
#include "media/track.h"

namespace butai::live {

struct Chunk {
  media::TrackId track = media::kVideoTrack;
  Ticks start;               // decode time of the first sample, since the Unix epoch
  Ticks duration;            // predicted from the track's rate
  bool independent = false;  // starts with a key frame (audio: always)
  std::uint32_t init = 0;    // Presentation::number that decodes it
  Bytes bytes;               // [prft] moof mdat; one traf; protected if the channel is
  Utc captured{};            // publisher's clock of the first sample; epoch: unknown
};
using ChunkPtr = std::shared_ptr<const Chunk>;

// How one track appears in addresses, playlists and manifests.
struct Rendition {
  std::string name;  // path component: "video", "audio", "audio-2"
  media::Track track;
  std::string codecs;  // RFC 6381, e.g. "avc1.64001f", "mp4a.40.2"
  Bytes init;          // ftyp moov of this track alone
  // Of a protected channel (track.protection): what players are told about its key, and about the
  // key of the period after this one, when that is known.
  std::vector<media::KeySystemSignal> signals = {}, next_signals = {};
  std::optional<media::KeyId> next_kid = std::nullopt;
};

// What is on now: the tracks and their init segments. A change of codec configuration, or a break of
// the time line, or a new key period, makes a new one with the next number. The same number again:
// the ladder's renditions have come, or captions were seen for the first time.
struct Presentation {
  std::uint32_t number = 0;  // in init addresses: init-NUMBER.mp4
  std::vector<Rendition> renditions;
  Bytes init_all;  // ftyp moov of the source's picture and first sound, for WebSocket viewers
  Captions captions = {};  // configured, and those seen in the picture
};
using PresentationPtr = std::shared_ptr<const Presentation>;

// What the packager says, in order; a SegmentLog fed with it becomes the same on every loop.
// A chunk belongs to the segment that is open on its track.
struct SegmentOpened {
  media::TrackId track;
  std::uint64_t number;  // EXT-X-MEDIA-SEQUENCE
  Ticks start;
  std::uint32_t init;
  bool discontinuity;  // the time line or the codec configuration broke before it
};
struct PartClosed {  // LL-HLS part: the chunks of this track since the last PartClosed
  media::TrackId track;
  Ticks start, duration;
  bool independent;
};
struct SegmentClosed {
  media::TrackId track;
  Ticks duration;  // true: next segment's start - this one's
};
using PackageEvent =
    std::variant<PresentationPtr, SegmentOpened, ChunkPtr, PartClosed, SegmentClosed>;

// Where packaged media goes; live::Channel is the real one, tests record.
class ChunkSink {
 public:
  virtual ~ChunkSink() = default;
  virtual void publish(PackageEvent event) = 0;
};

}  // namespace butai::live
