#include "delivery/hls/routes.h"

#include <string>
#include <utility>

#include "delivery/hls/captions.h"
#include "delivery/hls/reply.h"
#include "delivery/hls/segments.h"
#include "delivery/in_hand.h"
#include "delivery/keys_asked.h"
#include "delivery/not_yet.h"
#include "net/loop.h"
#include "package/reload_policy.h"

namespace butai::delivery::hls {
namespace {

live::ChannelView* view_of(const net::Request& request, net::Exchange& exchange,
                           const Ports& ports) {
  return ports.channels.find_view(exchange.loop().index(), std::string(request.arg("channel")));
}

// GET index.m3u8
void multivariant_playlist(const net::Request& request, net::ExchangePtr exchange,
                           const Ports& ports) {
  auto* view = view_of(request, *exchange, ports);
  if (view == nullptr || !is_in_hand(*view)) return exchange->respond(not_yet());
  const auto keys = keys_asked(request, ports);
  if (!keys) return exchange->respond(keys_unknown());
  Shelf& shelf = Shelf::of(*view, exchange->loop(), ports.clock, &ports.edges);
  send(*exchange,
       multivariant(
           *view, shelf,
           {.coding = coding_for(request), .life = Life::Playlist, .right = right_of(request)},
           *keys));
}

Wish wish_of(const net::Request& request, Life life, package::KeysWanted keys) {
  const auto skip = request.query_value("_HLS_skip");
  const bool delta = skip && (*skip == "YES" || *skip == "v2");
  return {.update = delta ? Wish::Update::Delta : Wish::Update::Whole,
          .form = {.coding = coding_for(request), .life = life, .right = right_of(request)},
          .keys = keys};
}

// GET {rendition}/index.m3u8, with _HLS_msn and _HLS_part held until they are there
void media_playlist(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto* view = view_of(request, *exchange, ports);
  if (view == nullptr) return exchange->respond(not_yet());
  const std::string name(request.arg("rendition"));
  const live::Rendition* rendition = view->rendition(name);
  const auto cues = caption_track(*view, name);
  if (rendition == nullptr && !cues) return exchange->respond(not_yet());
  const auto keys = keys_asked(request, ports);
  if (!keys) return exchange->respond(keys_unknown());
  const media::TrackId track = cues ? *cues : rendition->track.id;
  Shelf& shelf = Shelf::of(*view, exchange->loop(), ports.clock, &ports.edges);

  const auto point =
      package::read_reload({request.query_value("_HLS_msn"), request.query_value("_HLS_part")});
  if (!point && point.error() == package::ReloadDecision::BadRequest) {
    return exchange->respond(
        net::Response::problem(400, "_HLS_msn must be a number, and _HLS_part another beside it"));
  }
  if (!point) {
    return send(*exchange, playlist(*view, shelf, track, wish_of(request, Life::Playlist, *keys)));
  }
  const Awaited what{Awaited::Kind::Playlist, track, point->msn, point->part};
  const Wish wish = wish_of(request, Life::Reload, *keys);
  if (!shelf.hold().awaits(what)) {
    if (const auto now = reply(*view, shelf, what, wish)) return send(*exchange, *now);
  }
  shelf.hold().wait(what, wish, std::move(exchange));
}

using Handler = void (*)(const net::Request&, net::ExchangePtr, const Ports&);

net::Route route(std::string pattern, net::Cache cache, std::string summary, Handler handler,
                 std::shared_ptr<const Ports> ports) {
  return {.method = net::Method::Get,
          .pattern = std::move(pattern),
          .policy = {.who = net::Who::Viewer, .cache = cache, .cors = true},
          .handler = [handler, ports = std::move(ports)](
                         const net::Request& r,
                         net::ExchangePtr e) { handler(r, std::move(e), *ports); },
          .doc = {.summary = std::move(summary), .request_schema = "", .response_schema = ""}};
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  return {route("/live/{channel}/index.m3u8", net::Cache::Playlist,
                "HLS multivariant playlist; of a stable channel once there are 12 s",
                multivariant_playlist, ports),
          route("/live/{channel}/{rendition}/index.m3u8", net::Cache::Playlist,
                "HLS media playlist; _HLS_msn and _HLS_part block, _HLS_skip asks for a delta",
                media_playlist, ports),
          route("/live/{channel}/{rendition}/{file}", net::Cache::Immutable,
                "Init segments, segments, parts (CMAF)", segment_file, ports)};
}

}  // namespace butai::delivery::hls
