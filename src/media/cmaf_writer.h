// CMAF headers and chunks: the bytes that every viewer, playlist and recording shares.
// Flow:   package::Packager -> write_init, write_chunk -> live::Presentation, live::Chunk
// Thread: pure functions, any.
// Limits: the caller's frames bound a chunk; one allocation of the exact size.
// Spec:   ISO/IEC 23000-19:2020 clauses 7.3 to 7.5, ISO/IEC 14496-12:2022, ISO/IEC 14496-15:2022
//         clause 5.4, ISO/IEC 14496-14:2020, RFC 6381 (codec strings); ISO/IEC 23001-7:2023 for
//         what a protected track has besides (sinf with tenc; senc, saiz, saio).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::media {

// ftyp moov of one track (HLS, DASH) or of all (WebSocket). Each track's config must have been read
// once by parse_avc_config or parse_aac_config; what it says of aspect and colour is written too.
// `kids`: the keys of everything that plays together, told in a pssh (docs/decisions/0018).
Bytes write_init(std::span<const Track> tracks, std::span<const KeyId> kids = {});

// Whether a chunk begins with a prft box that tells when its first frame was captured. It is
// written only for frames that know (DESIGN decision 5: never a node's own clock).
enum class CaptureTime : std::uint8_t { Omit, Write };

// [prft] moof mdat with one traf. `frames` is not empty, in decode order, each with its duration;
// times in track.timescale; `sequence` is mfhd's sequence_number.
Bytes write_chunk(const Track& track, std::span<const Frame> frames, std::uint32_t sequence,
                  CaptureTime capture_time = CaptureTime::Write);

// The chunk of a protected track with its samples still clear: drm::TrackProtector encrypts them
// where they stand, from `media` on, before anybody else sees the bytes.
struct ChunkLayout {
  std::vector<std::uint8_t> bytes;
  std::size_t media = 0;  // where the first sample begins
};
ChunkLayout lay_out_chunk(const Track& track, std::span<const Frame> frames, std::uint32_t sequence,
                          const ChunkAuxiliary& auxiliary,
                          CaptureTime capture_time = CaptureTime::Write);

// "avc1.64001f", "mp4a.40.2"; of a track whose config could be read.
std::string codec_string(const Track& track);

}  // namespace butai::media
