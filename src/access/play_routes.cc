// /api/v1/plays: a play is started by whoever may view the channel (nobody, on a public one), and
// renewed or ended by the same.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "access/mac.h"
#include "access/routes.h"
#include "access/strict_json.h"
#include "net/loop.h"

namespace butai::access {
namespace {

namespace json = boost::json;

constexpr std::string_view kPlaySchema =
    R"({"type":"object","required":["play","hls","dash","ws","license","expires"],"properties":{"play":{"type":"string"},"hls":{"type":"string","format":"uri"},"dash":{"type":"string","format":"uri"},"ws":{"type":"string","format":"uri"},"license":{"type":["string","null"],"format":"uri","description":"before /clearkey, /widevine, /playready, /fairplay; null: the channel is not protected"},"license_tokens":{"type":"boolean","description":"licenses of real systems are asked for at the address, and with the headers, that GET {license}/SYSTEM/token answers"},"expires":{"type":"integer","description":"microseconds of UTC"}}})";

// https://host -> wss://host, http://host -> ws://host
std::string socket_origin(std::string_view origin) {
  return origin.starts_with("http") ? "ws" + std::string(origin.substr(4)) : std::string(origin);
}

}  // namespace

net::Response play_answer(const RouteParts& parts, const Play& play, const net::Peer& peer,
                          int status) {
  const std::string path = fmt::format("/t/{}/live/{}/", play.path_token, play.channel);
  json::value license;
  if (parts.is_protected(play.channel)) {
    license = fmt::format("{}/t/{}/license", peer.origin, play.path_token);
  }
  const json::object body{{"play", play.id},
                          {"hls", peer.origin + path + "index.m3u8"},
                          {"dash", peer.origin + path + "manifest.mpd"},
                          {"ws", socket_origin(peer.origin) + path + "ws"},
                          {"license", license},
                          {"license_tokens", parts.license_tokens && !license.is_null()},
                          {"expires", micros_of(play.expires)}};
  return net::Response::json(json::serialize(body), status);
}

namespace {

std::expected<PlayWish, net::Response> wish_of(const net::Request& request) {
  const auto body = parse_object(request.body);
  PlayWish wish;
  const auto read = [&body](std::string_view name, std::string& into) {
    const json::value* value = body ? body->if_contains(name) : nullptr;
    if (value != nullptr && value->is_string()) into = value->as_string();
  };
  read("channel", wish.channel);
  read("performance", wish.performance);
  read("device", wish.device);
  read("take_over", wish.take_over);
  if (!wish.channel.empty()) return wish;
  return std::unexpected(
      net::Response::problem(400, "Send a JSON object with the channel: {\"channel\":\"main\"}."));
}

// Who asks, and whether they may view the channel now.
std::expected<net::Principal, net::Response> viewer_of(const RouteParts& parts,
                                                       const net::Request& request,
                                                       const std::string& channel) {
  auto principal = parts.guard.identify(request);
  if (!principal) return std::unexpected(principal.error().response());
  const Verdict verdict = parts.gatekeeper.may(*principal, Action::View, channel);
  if (!verdict) {
    return std::unexpected(parts.guard.deny(verdict.error(), "view:" + channel).response());
  }
  return std::move(*principal);
}

// By the right of a ticket: whoever may not view the channel anyway.
std::expected<Play, net::Response> start_by_ticket(const RouteParts& parts,
                                                   const net::Request& request,
                                                   const PlayWish& wish) {
  auto principal = parts.guard.identify(request);
  if (!principal) return std::unexpected(principal.error().response());
  if (parts.gatekeeper.may(*principal, Action::View, wish.channel)) {
    return parts.plays.start(wish.channel, *principal);
  }
  return parts.desk->start(*principal, wish);
}

std::expected<net::Principal, net::Response> somebody(const RouteParts& parts,
                                                      const net::Request& request) {
  auto principal = parts.guard.identify(request);
  if (!principal) return std::unexpected(principal.error().response());
  return std::move(*principal);
}

// The answer to whoever ended a play comes when that is written.
void respond_when_written(const RouteParts& parts, const std::string& id, net::ExchangePtr exchange,
                          net::Response good, net::Response otherwise) {
  if (parts.ended == nullptr) return exchange->respond(std::move(good));
  net::Loop& home = exchange->loop();
  parts.ended->when_written(
      id, home,
      [exchange = std::move(exchange), good = std::move(good), otherwise = std::move(otherwise)](
          bool written) mutable { exchange->respond(std::move(written ? good : otherwise)); });
}

void start(const RouteParts& parts, const net::Request& request, net::ExchangePtr exchange) {
  const auto wish = wish_of(request);
  if (!wish) return exchange->respond(wish.error());
  // What a weak secret signs would be refused when it comes back.
  if (parts.minter.weak() && !request.peer.loopback) {
    return exchange->respond(parts.guard.deny(Refusal::WeakSecret, {}).response());
  }
  if (parts.desk != nullptr && parts.desk->guards(wish->channel)) {
    const auto play = start_by_ticket(parts, request, *wish);
    if (!play) return exchange->respond(play.error());
    net::Response answer = play_answer(parts, *play, request.peer, 201);
    if (wish->take_over.empty()) return exchange->respond(std::move(answer));
    // Where the other device's end could not be written it has ended here all the same.
    return respond_when_written(parts, wish->take_over, std::move(exchange), answer, answer);
  }
  const auto principal = viewer_of(parts, request, wish->channel);
  if (!principal) return exchange->respond(principal.error());
  exchange->respond(
      play_answer(parts, parts.plays.start(wish->channel, *principal), request.peer, 201));
}

net::Response unknown_play() {
  return net::Response::problem(404,
                                "There is no such play. Start a new one with POST /api/v1/plays.");
}

void renew(const RouteParts& parts, const net::Request& request, net::ExchangePtr exchange) {
  const auto play = parts.plays.find(request.arg("id"));
  if (!play) return exchange->respond(unknown_play());
  const auto principal =
      play->ticket ? somebody(parts, request) : viewer_of(parts, request, play->channel);
  if (!principal) return exchange->respond(principal.error());
  if (!parts.plays.owns(*play, *principal)) return exchange->respond(unknown_play());
  if (const auto right = parts.guard.has_ticket(*play); !right) {
    return exchange->respond(parts.guard.deny(right.error(), {}).response());
  }
  exchange->respond(play_answer(parts, parts.plays.renew(*play), request.peer, 200));
}

void end(const RouteParts& parts, const net::Request& request, net::ExchangePtr exchange) {
  const auto principal = parts.guard.identify(request);
  if (!principal) return exchange->respond(principal.error().response());
  const std::string id(request.arg("id"));
  const auto play = parts.plays.find(id);
  if (!play) return exchange->respond(unknown_play());
  const bool operates = principal->has("control") || principal->has("admin");
  if (!operates && !parts.plays.owns(*play, *principal)) {
    if (!principal->subject.empty()) return exchange->respond(unknown_play());
    return exchange->respond(
        parts.guard.deny(Refusal::NoCredential, "view:" + play->channel).response());
  }
  parts.plays.end(*play);
  net::Response answer;
  answer.status = 204;
  respond_when_written(
      parts, id, std::move(exchange), std::move(answer),
      net::Response::problem(503,
                             "The play has ended here, but that could not be written: after a "
                             "restart its addresses would be good again. End it again then."));
}

// How it goes on, for a page that was cut off and wants to say why. The id that nobody guesses is all
// that is asked for.
void state(const RouteParts& parts, const net::Request& request, net::ExchangePtr exchange) {
  const std::string id(request.arg("id"));
  const auto answer = [&exchange](json::object body) {
    exchange->respond(net::Response::json(json::serialize(body)));
  };
  if (const auto play = parts.plays.find(id)) {
    const auto right = parts.guard.has_ticket(*play);
    if (right) return answer({{"state", "playing"}});
    return answer({{"state", right.error() == Refusal::PerformanceOver ? "ended" : "revoked"}});
  }
  const auto taken = parts.desk != nullptr ? parts.desk->taken_over(id) : std::nullopt;
  if (taken) return answer({{"state", "taken-over"}, {"by", taken->by}});
  const auto bytes = from_base64url(id);
  if (bytes && bytes->size() == Id128{}.size() && !parts.plays.running(id))
    return answer({{"state", "ended"}});
  exchange->respond(unknown_play());
}

using Answer = void (*)(const RouteParts&, const net::Request&, net::ExchangePtr);

net::Route route(net::Method method, std::string pattern, const RouteParts& parts, Answer answer,
                 net::RouteDoc doc) {
  return {method,
          std::move(pattern),
          // Who may is asked inside: a public channel is played by nobody.
          {.who = net::Who::Anyone,
           .rate = method == net::Method::Get ? net::RateClass::None : net::RateClass::Write,
           .body_bytes_max = 4 * 1024},
          net::HttpHandler([parts, answer](const net::Request& request, net::ExchangePtr exchange) {
            answer(parts, request, std::move(exchange));
          }),
          std::move(doc)};
}

}  // namespace

std::vector<net::Route> play_routes(const RouteParts& parts) {
  const std::string schema(kPlaySchema);
  return {
      route(
          net::Method::Post, "/api/v1/plays", parts, &start,
          {"Start a play: signed addresses of a channel for one viewer.",
           R"({"type":"object","required":["channel"],"properties":{"channel":{"type":"string"},"performance":{"type":"string"},"device":{"type":"string","description":"as its owner would call it"},"take_over":{"type":"string","description":"the play that this one replaces"}}})",
           schema}),
      route(
          net::Method::Get, "/api/v1/plays/{id}", parts, &state,
          {"How a play goes on: playing, taken-over, revoked, ended.", "",
           R"({"type":"object","required":["state"],"properties":{"state":{"enum":["playing","taken-over","revoked","ended"]},"by":{"type":"string"}}})"}),
      route(net::Method::Put, "/api/v1/plays/{id}", parts, &renew,
            {"Renew a play: the same play with new addresses.", "", schema}),
      route(net::Method::Delete, "/api/v1/plays/{id}", parts, &end,
            {"End a play: its addresses are refused from now on.", "", ""})};
}

}  // namespace butai::access
