// The DASH manifest as text, from what the segment logs hold.
// Flow:   live::ChannelView (SegmentLogs, Presentations) -> here -> delivery/dash
// Thread: pure functions, any.
// Limits: what listing.h lists; complete segments, and with low latency the one that grows.
// Spec:   ISO/IEC 23009-1:2022 clauses 5.3 and 5.8; DASH-IF IOP 5 part 4
//         (low latency: availabilityTimeOffset, ProducerReferenceTime, ServiceDescription).
//
// Media time is UTC since 1970, which is also availabilityStartTime, so that a time in the manifest
// is a time of the wall clock. A Period begins wherever the time line or the init segment changes;
// its id and start come from there and stay when its first segments leave the manifest.
// Addresses are relative to the manifest: NAME/init-N.mp4, NAME/START.m4s. Cues (wvtt) are cut where the
// picture is: captions-ja/init-N.mp4, captions-ja/START.m4s with the picture's numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "live/chunk.h"
#include "package/key_lines.h"
#include "package/limits.h"
#include "package/listing.h"

namespace butai::package {

struct DashOptions {
  enum class Life : std::uint8_t { Live, Ended } life = Life::Live;
  // Suggested distance from the live edge: DESIGN decision 10.
  enum class Profile : std::uint8_t { Stable, Low } profile = Profile::Stable;
  std::string time_address = "/time";  // answers with UTC in ISO 8601; absolute or relative
  KeyLines keys = KeyLines::Identity;  // of a protected channel
  std::string license_address = {};    // absolute, without /clearkey at its end
  std::string media_address = {};      // BaseURL of media; empty: beside the manifest
  std::string update_address = {};     // Location: where it is fetched again; empty: the same
  std::span<const live::InBandCaptions> in_band = {};  // in the picture
  std::span<const std::string> languages = {};         // of cues
};

// `presentations`: at least all that the logs refer to. `logs`: the renditions of the present one.
// Empty as long as there is no complete segment with media in it.
std::string dash_manifest(std::span<const live::PresentationPtr> presentations,
                          std::span<const RenditionLog> logs, const DashOptions& options);

}  // namespace butai::package
