// One track of a protected channel in one key period: frames in, encrypted chunks out.
// Flow:   package::TrackWriter -> add (each frame once), write (each chunk) -> live::Chunk
// Thread: the channel's loop.
// Limits: those of a chunk.
//
// There is no way through here that leaves a sample in clear: a frame whose slices cannot be read is
// refused by add(), and write() encrypts all that was added.
#pragma once

#include <expected>
#include <memory>
#include <span>

#include "drm/content_key.h"
#include "drm/sample_encryptor.h"
#include "media/cmaf_writer.h"

namespace butai::drm {

// Which key of a period a track gets.
TrackUse use_of(const media::Track& track);
// The track as its init segment tells it.
media::Track protected_track(media::Track track, const KeyPeriod& period);

class TrackProtector {
 public:
  static std::expected<TrackProtector, DrmError> make(const media::Track& track,
                                                      KeyPeriodPtr period);

  // The next frame of the chunk that is being gathered.
  std::expected<void, DrmError> add(const media::Frame& frame);
  // The chunk of the frames that were added, in that order.
  Bytes write(std::span<const media::Frame> frames, std::uint32_t sequence);

 private:
  TrackProtector(media::Track track, KeyPeriodPtr period, SampleEncryptor encryptor);

  media::Track track_;
  KeyPeriodPtr period_;
  std::shared_ptr<IvSequence> ivs_;
  SampleEncryptor encryptor_;
  media::ChunkAuxiliary auxiliary_;
};

}  // namespace butai::drm
