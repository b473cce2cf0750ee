#include "package/presentation.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drm/track_protector.h"
#include "media/aac.h"
#include "media/cmaf_writer.h"
#include "media/h264.h"

namespace butai::package {
namespace {

Expected<media::Track> usable_picture(media::Track track) {
  auto config = media::parse_avc_config(track.config);
  if (!config) return problem(std::string(sentence(config.error())));
  const auto sps = media::parse_sps(config->sps.front());
  if (!sps) return problem(std::string(sentence(sps.error())));
  track.width = sps->width;
  track.height = sps->height;
  if (track.frame_rate.num == 0 || track.frame_rate.den == 0) track.frame_rate = sps->frame_rate;
  if (config->length_size != 4) {
    config->length_size = 4;
    auto rewritten = media::make_avc_config(*config);
    if (!rewritten) return problem(std::string(sentence(rewritten.error())));
    track.config = *rewritten;
  }
  return track;
}

Expected<media::Track> usable_sound(media::Track track) {
  const auto config = media::parse_aac_config(track.config);
  if (!config) return problem(std::string(sentence(config.error())));
  track.sample_rate = config->sample_rate;
  track.channels = config->channels;
  return track;
}

std::string_view own_name(media::TrackId id) {
  if (id == media::kVideoTrack) return "video";
  return id == media::kSecondSound ? "audio-2" : "audio";
}

void protect(live::Rendition& rendition, const PresentationKeys& keys) {
  const drm::TrackUse use = drm::use_of(rendition.track);
  rendition.signals = keys.running->key_for(use).signals;
  rendition.track = drm::protected_track(std::move(rendition.track), *keys.running);
  if (!keys.next) return;
  rendition.next_kid = keys.next->key_for(use).kid;
  rendition.next_signals = keys.next->key_for(use).signals;
}

}  // namespace

Expected<std::vector<media::Track>> usable_tracks(const std::vector<media::Track>& tracks) {
  std::vector<media::Track> usable;
  for (const media::Track& track : tracks) {
    if (track.timescale == 0) return problem("a track has no timescale");
    const bool video = track.codec == media::Codec::H264;
    const bool rung = track.id >= media::kFirstRung;
    const bool sound = track.id == media::kAudioTrack || track.id == media::kSecondSound;
    if (!rung && !(video ? track.id == media::kVideoTrack : sound)) {
      return problem("video must be track 1 and sound track 2 or 3");
    }
    auto read = video ? usable_picture(track) : usable_sound(track);
    if (!read) return std::unexpected(read.error());
    usable.push_back(std::move(*read));
  }
  if (usable.empty()) return problem("there are no tracks");
  std::ranges::sort(usable, {}, &media::Track::id);
  if (std::ranges::adjacent_find(usable, {}, &media::Track::id) != usable.end()) {
    return problem("two tracks have the same number");
  }
  return usable;
}

std::vector<media::KeyId> kids_of(const live::Presentation& presentation) {
  std::vector<media::KeyId> kids;
  for (const live::Rendition& rendition : presentation.renditions) {
    const auto& protection = rendition.track.protection;
    if (protection && std::ranges::find(kids, protection->kid) == kids.end()) {
      kids.push_back(protection->kid);
    }
  }
  return kids;
}

live::Captions with_seen(live::Captions configured, media::CaptionChannels seen) {
  for (const std::string& name : media::names_of(seen)) {
    const bool known =
        std::ranges::find(configured.in_band, name, &live::InBandCaptions::channel) !=
        configured.in_band.end();
    if (!known) configured.in_band.push_back({name, ""});
  }
  return configured;
}

live::PresentationPtr make_presentation(std::uint32_t number,
                                        const std::vector<media::Track>& tracks,
                                        const PresentationKeys& keys, live::Captions captions) {
  auto presentation = std::make_shared<live::Presentation>();
  presentation->captions = std::move(captions);
  presentation->number = number;
  for (const media::Track& track : tracks) {
    live::Rendition rendition;
    rendition.name = !track.name.empty() ? track.name : own_name(track.id);
    rendition.track = track;
    rendition.codecs = media::codec_string(track);
    if (keys.running) protect(rendition, keys);
    presentation->renditions.push_back(std::move(rendition));
  }
  const std::vector<media::KeyId> kids = kids_of(*presentation);
  std::vector<media::Track> own;  // the source's
  for (live::Rendition& rendition : presentation->renditions) {
    rendition.init = media::write_init({&rendition.track, 1}, kids);
    if (rendition.track.id < media::kSecondSound) own.push_back(rendition.track);
  }
  presentation->init_all = media::write_init(own, kids);
  return presentation;
}

}  // namespace butai::package
