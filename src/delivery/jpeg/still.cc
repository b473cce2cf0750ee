#include "delivery/jpeg/still.h"

#include <optional>
#include <utility>

#include "delivery/clear_only.h"
#include "delivery/limits.h"
#include "delivery/not_yet.h"
#include "delivery/shelf.h"
#include "media/box_reader.h"

namespace butai::delivery::jpeg {
namespace {

// The first frame of a segment.
std::optional<media::Frame> key_frame_of(const live::Segment& segment) {
  const auto pieces = segment.pieces(0, segment.bytes);
  if (pieces.empty()) return std::nullopt;
  const auto chunk = media::parse_chunk(pieces.front());
  if (!chunk || chunk->samples.empty() || !chunk->samples.front().sync) return std::nullopt;
  media::Frame frame;
  frame.key = true;
  frame.data = Bytes::copy_of(chunk->samples.front().bytes);
  return frame;
}

struct Newest {
  std::int64_t start;
  media::Frame frame;
};
std::optional<Newest> newest(const live::SegmentLog* log) {
  if (log == nullptr) return std::nullopt;
  for (auto each = log->segments().rbegin(); each != log->segments().rend(); ++each) {
    if (auto frame = key_frame_of(*each)) return Newest{each->start.value, std::move(*frame)};
  }
  return std::nullopt;
}

net::Response answer(const Bytes& jpeg) {
  net::Response response;
  response.headers.add("Content-Type", "image/jpeg");
  response.headers.add("Cache-Control", "max-age=1");
  response.body.push_back(jpeg);
  return response;
}

net::Response not_made() {
  auto response = net::Response::problem(503, "the picture could not be made; try again");
  response.headers.add("Retry-After", "2");
  return response;
}

}  // namespace

void rendition_snapshot(const net::Request& request, net::ExchangePtr exchange,
                        const Ports& ports) {
  const std::string channel(request.arg("channel"));
  if (ports.channels.is_protected(channel)) return exchange->respond(no_clear_pictures());
  const std::size_t loop = exchange->loop().index();
  auto* view = ports.channels.find_view(loop, channel);
  const live::Rendition* rendition =
      view != nullptr ? view->rendition(std::string(request.arg("rendition"))) : nullptr;
  if (rendition == nullptr) return exchange->respond(not_yet());
  if (rendition->track.codec != media::Codec::H264) {
    return exchange->respond(net::Response::problem(404, "sound has no pictures"));
  }
  auto found = newest(view->log(rendition->track.id));
  if (!found) return exchange->respond(not_yet());
  Still& still =
      Shelf::of(*view, exchange->loop(), ports.clock, &ports.edges).still(rendition->track.id);
  if (still.start == found->start && !still.jpeg.empty()) {
    return exchange->respond(answer(still.jpeg));
  }
  if (still.waiting.size() >= kStillWaitersMax) return exchange->respond(not_made());
  net::Loop& home = exchange->loop();
  still.waiting.push_back(std::move(exchange));
  if (still.waiting.size() > 1) return;
  ports.still(rendition->track, std::move(found->frame), home,
              // The view may have gone meanwhile, and its shelf with it.
              [&ports, &home, channel, track = rendition->track.id,
               start = found->start](const Bytes& jpeg) {
                auto* now = ports.channels.find_view(home.index(), channel);
                if (now == nullptr || now->attachment() == nullptr) return;
                Still& made = Shelf::of(*now, home, ports.clock, &ports.edges).still(track);
                made.start = start;
                made.jpeg = jpeg;
                for (auto& waiter : std::exchange(made.waiting, {})) {
                  waiter->respond(jpeg.empty() ? not_made() : answer(jpeg));
                }
              });
}

}  // namespace butai::delivery::jpeg
