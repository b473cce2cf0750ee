#include "delivery/hls/reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "delivery/limits.h"
#include "delivery/not_yet.h"
#include "delivery/rendition_logs.h"
#include "package/captions_writer.h"
#include "package/hls_writer.h"
#include "package/reload_policy.h"

namespace butai::delivery::hls {
namespace {

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";

package::HlsOptions options_for(const live::ChannelView& view, Wish::Update update,
                                package::KeysWanted keys) {
  package::HlsOptions options;
  options.keys = keys;
  options.presentations = view.presentations();
  options.profile = view.latency() == live::Latency::Stable
                        ? package::HlsOptions::Profile::Plain
                        : package::HlsOptions::Profile::LowLatency;
  if (view.ended()) options.life = package::HlsOptions::Life::Ended;
  if (update == Wish::Update::Delta) options.update = package::HlsOptions::Update::Delta;
  return options;
}

bool has_segment(const live::SegmentLog& log) {
  return !log.segments().empty() && (log.segments().front().complete || log.segments().size() > 1);
}

bool is_text(media::TrackId track) { return track >= media::kFirstText; }

// Taken out of `all`, or nothing. Cues go by the leading rendition.
std::optional<package::RenditionLog> take(std::vector<package::RenditionLog>& all,
                                          media::TrackId track) {
  const auto found = std::ranges::find_if(all, [track](const auto& each) {
    return is_text(track) || each.rendition->track.id == track;
  });
  if (found == all.end()) return std::nullopt;
  const package::RenditionLog own = *found;
  all.erase(found);
  return own;
}

std::optional<Reply> reload(live::ChannelView& view, Shelf& shelf, const Awaited& what,
                            const Wish& wish) {
  auto logs = rendition_logs(view);
  const auto own = take(logs, what.track);
  if (!own) return not_yet();
  const package::ReloadPoint point{what.number, what.part};
  switch (package::decide_reload(point, *own, options_for(view, wish.update, wish.keys))) {
    case package::ReloadDecision::Wait:
      return std::nullopt;
    case package::ReloadDecision::BadRequest:
      return net::Response::problem(
          400, "_HLS_msn and _HLS_part must be numbers, not too far ahead of the playlist");
    case package::ReloadDecision::AnswerNow:
      break;
  }
  return playlist(view, shelf, what.track, wish);
}

std::optional<Reply> part(live::ChannelView& view, Shelf& shelf, const Awaited& what,
                          const Wish& wish) {
  const auto start = static_cast<std::int64_t>(what.number);
  MediaKey key{MediaKey::Kind::Part, what.track, start, *what.part, wish.form.right};
  if (auto ready = shelf.find(key)) return ready;
  auto logs = rendition_logs(view);
  const auto own = take(logs, what.track);
  const auto found = own ? package::find_part(*own->log, {start, *what.part}) : std::nullopt;
  if (!found) return net::Response::problem(404, "no such part");
  if (found->segment == nullptr) return std::nullopt;
  const live::Part& bytes = found->segment->parts[found->part];
  key.number = found->segment->start.value;
  key.part = found->part;
  auto response =
      media_head(*own->rendition, fmt::format("{}.{}", key.number, key.part), wish.form.right);
  response.headers.add("Priority", kPartPriority);
  response.body = found->segment->pieces(bytes.offset, bytes.size);
  return shelf.put(key, std::move(response));
}

}  // namespace

net::Response media_head(const live::Rendition& rendition, std::string_view tag, Right right) {
  net::Response response;
  const bool picture = rendition.track.codec == media::Codec::H264;
  response.headers.add("Content-Type", picture ? "video/mp4" : "audio/mp4");
  response.headers.add("ETag", fmt::format("\"{}\"", tag));
  response.headers.add("Cache-Control", cache_control(Life::Media, right));
  return response;
}

std::optional<Reply> reply(live::ChannelView& view, Shelf& shelf, const Awaited& what,
                           const Wish& wish) {
  return what.kind == Awaited::Kind::Playlist ? reload(view, shelf, what, wish)
                                              : part(view, shelf, what, wish);
}

Reply playlist(live::ChannelView& view, Shelf& shelf, media::TrackId track, const Wish& wish) {
  const bool delta = wish.update == Wish::Update::Delta;
  const DocumentKey key{delta ? DocumentKey::Kind::Delta : DocumentKey::Kind::Playlist, track,
                        wish.keys};
  if (Document* known = shelf.find(key)) return known->in(wish.form);
  auto logs = rendition_logs(view);
  const auto own = take(logs, track);
  if (!own || !has_segment(*own->log)) return not_yet();
  package::HlsOptions options = options_for(view, wish.update, wish.keys);
  std::string name = own->rendition->name;
  if (is_text(track)) {
    options.content = package::HlsOptions::Content::Text;
    name = package::captions_name(view.caption_languages()[track - media::kFirstText]);
  }
  options.media_at = [&shelf, &name](Utc start) {
    const std::string edge = shelf.edge_at(start);
    return edge.empty() ? edge : fmt::format("{}{}/", edge, name);
  };
  const std::string text = package::hls_media(*own, logs, options);
  return shelf.put(key, Document(kPlaylistType, text)).in(wish.form);
}

Reply multivariant(live::ChannelView& view, Shelf& shelf, const Document::Form& form,
                   package::KeysWanted keys) {
  const DocumentKey key{DocumentKey::Kind::Multivariant, {}, keys};
  if (Document* known = shelf.find(key)) return known->in(form);
  const auto logs = rendition_logs(view);
  // Every playlist that it names can be fetched at once; the ladder is not waited for.
  package::Bandwidths bandwidths;
  for (const auto& each : logs) {
    if (has_segment(*each.log)) bandwidths[each.rendition->track.id] = package::measure(each);
  }
  const bool complete =
      view.presentation() &&
      std::ranges::all_of(view.presentation()->renditions, [&](const live::Rendition& each) {
        return each.track.id >= media::kFirstRung || bandwidths.contains(each.track.id);
      });
  if (!complete) return not_yet();
  auto options = options_for(view, Wish::Update::Whole, keys);
  const auto languages = view.caption_languages();
  options.languages = languages;
  const std::string text = package::hls_multivariant(*view.presentation(), bandwidths, options);
  return shelf.put(key, Document(kPlaylistType, text)).in(form);
}

}  // namespace butai::delivery::hls
