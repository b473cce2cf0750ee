// From a publisher's tracks to what viewers are told: names, codec strings, init segments.
// Flow:   live::FrameReader::on_tracks -> usable_tracks -> make_presentation -> live::PackageEvent
// Thread: pure functions, any.
#pragma once

#include <cstdint>
#include <vector>

#include "base/problem.h"
#include "drm/content_key.h"
#include "live/chunk.h"
#include "media/captions.h"
#include "media/track.h"

namespace butai::package {

// The tracks with what their configuration says filled in (dimensions, rates, 4-byte NAL lengths),
// video first. A sentence when one cannot be read yet, or two have the same number.
Expected<std::vector<media::Track>> usable_tracks(const std::vector<media::Track>& tracks);

// The keys of a protected channel: those of the presentation, and those that come after them, if
// they are known already.
struct PresentationKeys {
  drm::KeyPeriodPtr running, next;
};

// `tracks` as usable_tracks() gave them; the source's own, then the ladder's. Without running keys
// they are clear.
live::PresentationPtr make_presentation(std::uint32_t number,
                                        const std::vector<media::Track>& tracks,
                                        const PresentationKeys& keys = {},
                                        live::Captions captions = {});

// The configured ones, and what else was seen in the picture.
live::Captions with_seen(live::Captions configured, media::CaptionChannels seen);

// The key ids of all its renditions: a player that asks for what one init segment names then has
// them all.
std::vector<media::KeyId> kids_of(const live::Presentation& presentation);

}  // namespace butai::package
