// What a Packager says, as lines that a test can read, and the logs that it makes.
// Times are seconds since `origin`.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "live/chunk.h"
#include "live/limits.h"
#include "live/segment_log.h"
#include "package/listing.h"

namespace butai::package::testing {

class Transcript final : public live::ChunkSink {
 public:
  explicit Transcript(std::int64_t origin_seconds) : origin_(origin_seconds) {}

  void publish(live::PackageEvent event) override {
    std::visit([this](const auto& value) { take(value); }, event);
  }

  // Lines since the last call; chunks are left out unless asked for.
  std::vector<std::string> lines() { return std::exchange(lines_, {}); }
  std::vector<live::ChunkPtr> chunks;
  std::vector<live::PresentationPtr> presentations;

  live::SegmentLog& log(media::TrackId track) {
    return logs_.try_emplace(track, live::kSegmentsKept, live::kLogBytesMax).first->second;
  }
  // Of the newest presentation.
  std::vector<RenditionLog> renditions() {
    std::vector<RenditionLog> out;
    for (const auto& rendition : presentations.back()->renditions) {
      out.push_back({&rendition, &log(rendition.track.id)});
    }
    return out;
  }

 private:
  static const char* name(media::TrackId track) {
    return track == media::kVideoTrack ? "video" : "audio";
  }
  double since(Ticks time) const {
    return Ticks{time.value - origin_ * time.timescale, time.timescale}.seconds();
  }
  void take(const live::PresentationPtr& presentation) {
    std::string codecs;
    for (const auto& rendition : presentation->renditions) {
      if (rendition.track.id >= media::kFirstRung) continue;
      codecs += (codecs.empty() ? "" : ",") + rendition.codecs;
    }
    const bool video = presentation->renditions.front().track.codec == media::Codec::H264;
    lines_.push_back(fmt::format("presentation {} {}/mp4; codecs=\"{}\"", presentation->number,
                                 video ? "video" : "audio", codecs));
    const bool more =
        !presentations.empty() && presentations.back()->number == presentation->number;
    if (more) presentations.pop_back();
    presentations.push_back(presentation);
  }
  void take(const live::SegmentOpened& opened) {
    lines_.push_back(fmt::format("{} opens {} at {:.3f}{}{}", name(opened.track), opened.number,
                                 since(opened.start), opened.discontinuity ? " after a break" : "",
                                 opened.init == 1 ? "" : fmt::format(" init {}", opened.init)));
    log(opened.track).apply(opened);
  }
  void take(const live::ChunkPtr& chunk) {
    chunks.push_back(chunk);
    log(chunk->track).apply(chunk);
  }
  void take(const live::PartClosed& part) {
    lines_.push_back(fmt::format("{} part {:.3f} +{:.3f}{}", name(part.track), since(part.start),
                                 part.duration.seconds(), part.independent ? " key" : ""));
    log(part.track).apply(part);
  }
  void take(const live::SegmentClosed& closed) {
    lines_.push_back(
        fmt::format("{} closes +{:.3f}", name(closed.track), closed.duration.seconds()));
    log(closed.track).apply(closed);
  }

  std::int64_t origin_;
  std::vector<std::string> lines_;
  std::map<media::TrackId, live::SegmentLog> logs_;
};

}  // namespace butai::package::testing
