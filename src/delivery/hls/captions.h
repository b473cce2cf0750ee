// {captions-LANGUAGE}/{file}: START.vtt and START.PART.vtt for HLS, init-TIMESCALE.mp4 and START.m4s (wvtt)
// for DASH; START as the leading rendition's. Made when asked for: they are a few lines.
// Flow:   routes.cc, segments.cc -> here -> live::CueLog, package/captions_writer
// Thread: the view's loop.
#pragma once

#include <optional>
#include <string_view>

#include "delivery/ports.h"

namespace butai::delivery::hls {

// The number that the cues' playlists go by, from their name ("captions-ja"); nothing: no such language.
std::optional<media::TrackId> caption_track(const live::ChannelView& view, std::string_view name);

net::Response caption_file(const live::ChannelView& view, media::TrackId track,
                           const net::Request& request);

}  // namespace butai::delivery::hls
