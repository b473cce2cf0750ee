#include "delivery/dash/routes.h"

#include <fmt/format.h>

#include <string>

#include "delivery/in_hand.h"
#include "delivery/keys_asked.h"
#include "delivery/not_yet.h"
#include "delivery/rendition_logs.h"
#include "delivery/shelf.h"
#include "net/loop.h"
#include "package/dash_writer.h"

namespace butai::delivery::dash {
namespace {

bool is_protected(const live::ChannelView& view) {
  if (!view.presentation()) return false;
  const auto& renditions = view.presentation()->renditions;
  return !renditions.empty() && renditions.front().track.protection;
}

// Who plays fetches the manifest here again, and is told from who comes.
std::string update_address(package::KeysWanted keys) {
  const auto words = keys.asked ? fmt::format("&keys={}", package::name_of(keys.lines)) : "";
  return "manifest.mpd?update=1" + words;
}

void manifest(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto* view =
      ports.channels.find_view(exchange->loop().index(), std::string(request.arg("channel")));
  const bool plays = request.query_value("update").has_value();
  if (view == nullptr || !(plays || is_in_hand(*view))) return exchange->respond(not_yet());
  const auto keys = keys_asked(request, ports);
  if (!keys) return exchange->respond(keys_unknown());
  const Document::Form form{
      .coding = coding_for(request), .life = Life::Playlist, .right = right_of(request)};
  Shelf& shelf = Shelf::of(*view, exchange->loop(), ports.clock, &ports.edges);
  // The clock's address is this server's as the viewer sees it, which is the same for nearly all.
  const std::string time_address = request.peer.origin + "/time";
  // The license address of ClearKey has the viewer's own right in it.
  const bool own_licenses = keys->lines != package::KeyLines::Drm && is_protected(*view);
  const std::string licenses = own_licenses ? license_address(request) : std::string();
  const std::string media = shelf.edge_at(ports.clock.utc());
  const std::string variant = time_address + licenses + media;
  const DocumentKey key{DocumentKey::Kind::Manifest, {}, *keys};
  Document* known = shelf.find(key);
  if (known == nullptr || known->variant() != variant) {
    package::DashOptions options;
    options.profile = view->latency() == live::Latency::Stable
                          ? package::DashOptions::Profile::Stable
                          : package::DashOptions::Profile::Low;
    if (view->ended()) options.life = package::DashOptions::Life::Ended;
    options.time_address = time_address;
    options.keys = keys->lines;
    options.license_address = licenses;
    const auto languages = view->caption_languages();
    options.languages = languages;
    if (view->presentation()) options.in_band = view->presentation()->captions.in_band;
    options.media_address = media;
    if (view->latency() == live::Latency::Stable) options.update_address = update_address(*keys);
    const auto logs = rendition_logs(*view);
    const std::string text = package::dash_manifest(view->presentations(), logs, options);
    if (text.empty()) return exchange->respond(not_yet());
    known = &shelf.put(key, Document("application/dash+xml", text, variant));
  }
  exchange->give(known->in(form));
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  return {{.method = net::Method::Get,
           .pattern = "/live/{channel}/manifest.mpd",
           .policy = {.who = net::Who::Viewer, .cache = net::Cache::Playlist, .cors = true},
           .handler = [ports](const net::Request& r,
                              net::ExchangePtr e) { manifest(r, std::move(e), *ports); },
           .doc = {.summary = "DASH manifest; of a stable channel once there are 12 s, "
                              "with ?update=1 (its Location) for who plays already",
                   .request_schema = "",
                   .response_schema = ""}}};
}

}  // namespace butai::delivery::dash
