#include "delivery/hls/segments.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "delivery/dash/growing.h"
#include "delivery/hls/reply.h"
#include "delivery/limits.h"
#include "delivery/not_yet.h"
#include "net/loop.h"
#include "net/text.h"

namespace butai::delivery::hls {
namespace {

struct FileName {
  MediaKey::Kind kind = MediaKey::Kind::Segment;
  std::int64_t number = 0;
  std::size_t part = 0;
};

std::optional<std::int64_t> digits(std::string_view text) {
  constexpr std::size_t kDigitsMax = 18;  // fits 63 bits
  if (text.size() > kDigitsMax) return std::nullopt;
  const auto value = net::number_of(text);
  if (!value) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<FileName> parse(std::string_view name) {
  const bool init = name.starts_with("init-") && name.ends_with(".mp4");
  if (!init && !name.ends_with(".m4s")) return std::nullopt;
  std::string_view stem = name.substr(0, name.size() - 4);
  if (init) stem.remove_prefix(5);
  const std::size_t dot = stem.find('.');
  const auto number = digits(stem.substr(0, dot));
  if (!number) return std::nullopt;
  if (init) return FileName{MediaKey::Kind::Init, *number};
  if (dot == std::string_view::npos) return FileName{MediaKey::Kind::Segment, *number};
  const auto part = digits(stem.substr(dot + 1));
  if (!part) return std::nullopt;
  return FileName{MediaKey::Kind::Part, *number, static_cast<std::size_t>(*part)};
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
  const live::Rendition* rendition = view->rendition(name);
  const auto file = parse(request.arg("file"));
  if (rendition == nullptr || !file) return exchange->respond(no_such_segment());
  const MediaKey key{file->kind, rendition->track.id, file->number, file->part, right_of(request)};
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
    head.body = segment->pieces(0, segment->bytes);
    return exchange->give(shelf.put(key, std::move(head)));
  }
  const bool grows = !segment->complete && view->latency() != live::Latency::Stable;
  if (!grows) return exchange->respond(no_such_segment());
  dash::send_growing(*view, key.track, key.number, std::move(head), std::move(exchange));
}

}  // namespace butai::delivery::hls
