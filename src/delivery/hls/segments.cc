#include "delivery/hls/segments.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "delivery/dash/growing.h"
#include "delivery/hls/captions.h"
#include "delivery/hls/file_name.h"
#include "delivery/hls/reply.h"
#include "delivery/limits.h"
#include "delivery/not_yet.h"
#include "net/loop.h"

namespace butai::delivery::hls {
namespace {

MediaKey::Kind kind_of(const FileName& file) {
  switch (file.kind) {
    case FileName::Kind::Init:
      return MediaKey::Kind::Init;
    case FileName::Kind::Part:
      return MediaKey::Kind::Part;
    case FileName::Kind::Segment:
      break;
  }
  return MediaKey::Kind::Segment;
}

net::Response no_such_segment() { return net::Response::problem(404, "no such segment"); }

// An init segment's address outlives its rendition's presentation, so it is found by name.
std::optional<net::Response> init(const live::ChannelView& view, const live::Rendition& rendition,
                                  const MediaKey& key) {
  const Bytes* bytes = view.find_init(rendition.name, static_cast<std::uint32_t>(key.number));
  if (bytes == nullptr) return std::nullopt;
  auto response = media_head(rendition, fmt::format("init-{}", key.number), key.right);
  response.body.push_back(*bytes);
  return response;
}

}  // namespace

void segment_file(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto* view =
      ports.channels.find_view(exchange->loop().index(), std::string(request.arg("channel")));
  if (view == nullptr) return exchange->respond(not_yet());
  const std::string name(request.arg("rendition"));
  if (const auto cues = caption_track(*view, name)) {
    return exchange->respond(caption_file(*view, *cues, request));
  }
  const live::Rendition* rendition = view->rendition(name);
  const auto file = parse_file_name(request.arg("file"));
  const bool media = file && !request.arg("file").ends_with(".vtt");
  if (rendition == nullptr || !media) return exchange->respond(no_such_segment());
  const MediaKey key{kind_of(*file), rendition->track.id, file->number, file->part,
                     right_of(request)};
  Shelf& shelf = Shelf::of(*view, exchange->loop(), ports.clock, &ports.edges);
  if (const auto ready = shelf.find(key)) return exchange->give(ready);

  if (key.kind == MediaKey::Kind::Init) {
    auto made = init(*view, *rendition, key);
    if (!made) return exchange->respond(no_such_segment());
    return exchange->give(shelf.put(key, std::move(*made)));
  }
  if (key.kind == MediaKey::Kind::Part) {
    const Awaited part{Awaited::Kind::Part, key.track, static_cast<std::uint64_t>(key.number),
                       key.part};
    const Wish wish{.update = {}, .form = {.coding = {}, .life = Life::Media, .right = key.right}};
    const auto answer = reply(*view, shelf, part, wish);
    if (answer) return send(*exchange, *answer);
    return shelf.hold().wait(part, wish, std::move(exchange));
  }
  const live::SegmentLog* log = view->log(key.track);
  const live::Segment* segment = log != nullptr ? log->find(key.number) : nullptr;
  if (segment == nullptr) return exchange->respond(no_such_segment());
  auto head = media_head(*rendition, fmt::format("{}", key.number), key.right);
  head.headers.add("Priority", kSegmentPriority);
  if (segment->complete && segment->bytes > 0) {
    view->join(key.track, key.number);
    head.body = segment->pieces(0, segment->bytes);
    return exchange->give(shelf.put(key, std::move(head)));
  }
  const bool grows = !segment->complete && view->latency() != live::Latency::Stable;
  if (!grows) return exchange->respond(no_such_segment());
  dash::send_growing(*view, key.track, key.number, std::move(head), std::move(exchange));
}

}  // namespace butai::delivery::hls
