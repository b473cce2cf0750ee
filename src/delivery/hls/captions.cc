#include "delivery/hls/captions.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/caching.h"
#include "delivery/hls/file_name.h"
#include "media/wvtt_writer.h"
#include "package/captions_writer.h"

namespace butai::delivery::hls {
namespace {

net::Response no_such_file() { return net::Response::problem(404, "no such captions"); }

// What is asked for, on the time line of the leading rendition; nothing while it may still change.
struct Place {
  Ticks start, duration;
};
std::optional<Place> find(const live::ChannelView& view, const FileName& file) {
  const auto& presentation = view.presentation();
  const live::SegmentLog* log =
      presentation ? view.log(presentation->renditions.front().track.id) : nullptr;
  const live::Segment* segment = log != nullptr ? log->find(file.number) : nullptr;
  if (segment == nullptr) return std::nullopt;
  if (file.kind == FileName::Kind::Part) {
    if (file.part >= segment->parts.size()) return std::nullopt;
    return Place{segment->parts[file.part].start, segment->parts[file.part].duration};
  }
  if (!segment->complete) return std::nullopt;
  return Place{segment->start, segment->duration};
}

}  // namespace

std::optional<media::TrackId> caption_track(const live::ChannelView& view, std::string_view name) {
  const auto languages = view.caption_languages();
  const auto found = std::ranges::find(languages, name, package::captions_name);
  if (found == languages.end()) return std::nullopt;
  return media::kFirstText + static_cast<media::TrackId>(found - languages.begin());
}

net::Response caption_file(const live::ChannelView& view, media::TrackId track,
                           const net::Request& request) {
  const std::string_view name = request.arg("file");
  const auto file = parse_file_name(name);
  if (!file) return no_such_file();
  net::Response response;
  const bool text = name.ends_with(".vtt");
  response.headers.add("Content-Type", text ? "text/vtt; charset=utf-8" : "application/mp4");
  response.headers.add("Cache-Control", cache_control(Life::Media, right_of(request)));
  response.headers.add("ETag", fmt::format("\"{}\"", name));
  if (file->kind == FileName::Kind::Init) {
    constexpr std::int64_t kTimescaleMax = 10'000'000;
    if (file->number < 1 || file->number > kTimescaleMax) return no_such_file();
    response.body.push_back(media::write_wvtt_init(static_cast<std::uint32_t>(file->number)));
    return response;
  }
  const auto place = find(view, *file);
  if (!place) return no_such_file();
  const Utc start = place->start.utc();
  const auto cues = view.cues().between(view.caption_languages()[track - media::kFirstText], start,
                                        start + place->duration.micros());
  response.body.push_back(
      text ? Bytes::copy_of(package::webvtt_segment(cues, place->start, place->duration))
           : package::wvtt_segment(cues, place->start, place->duration));
  return response;
}

}  // namespace butai::delivery::hls
