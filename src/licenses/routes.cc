#include "licenses/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "access/mac.h"
#include "base/name.h"
#include "drm/text.h"
#include "licenses/clear_key.h"
#include "licenses/limits.h"
#include "net/loop.h"

namespace butai::licenses {
namespace {

constexpr std::string_view kTokenSchema =
    R"({"type":"object","required":["url","headers","form","seconds"],"properties":{"url":{"type":"string","format":"uri"},"headers":{"type":"object","additionalProperties":{"type":"string"}},"form":{"enum":["raw","form","json"],"description":"how a FairPlay service takes the SPC"},"seconds":{"type":"integer","description":"how long the headers are good"}}})";

class Licenses {
 public:
  explicit Licenses(Ports ports) : ports_(std::move(ports)) {
    const auto counter = [this](const char* result, const char* purpose) {
      return &ports_.metrics.counter("butai_licenses_total",
                                     "Licenses asked for, by result; those of test plays apart.",
                                     {{"result", result}, {"purpose", purpose}});
    };
    given_ = counter("given", "play");
    given_tests_ = counter("given", "test");
    refused_ = counter("refused", "any");
    failed_ = counter("failed", "any");
  }

  void clear_key(const net::Request& request, net::ExchangePtr exchange) {
    const auto kids = parse_clear_key_request(request.body);
    if (!kids) return refuse(*exchange, net::Response::problem(400, kids.error().sentence));
    const auto principal = ports_.guard.identify(request);
    if (!principal) return refuse(*exchange, principal.error().response());
    std::vector<std::pair<media::KeyId, drm::KeyBytes>> keys;
    for (const media::KeyId& kid : *kids) {
      auto key = key_for(*principal, kid);
      if (!key) return refuse(*exchange, std::move(key.error()));
      keys.emplace_back(kid, *key);
    }
    count_given(principal->play);
    exchange->respond(net::Response::json(clear_key_answer(keys)));
  }

  void identity(const net::Request& request, net::ExchangePtr exchange) {
    const auto kid = drm::from_uuid(request.arg("kid"));
    if (!kid) {
      return refuse(*exchange, net::Response::problem(400, "a key id is 32 hexadecimal digits"));
    }
    const auto principal = ports_.guard.identify(request);
    if (!principal) return refuse(*exchange, principal.error().response());
    auto key = key_for(*principal, *kid);
    if (!key) return refuse(*exchange, std::move(key.error()));
    count_given(principal->play);
    net::Response response;
    response.headers.add("Content-Type", "application/octet-stream");
    response.body.push_back(Bytes::copy_of(ByteView(key->view())));
    exchange->respond(std::move(response));
  }

  // What the challenge asks for only the service can read: the right is bound to the play's channel.
  void pass_on(System system, const net::Request& request, net::ExchangePtr exchange) {
    if (!ports_.services.has(system)) {
      return refuse(*exchange,
                    net::Response::problem(
                        404, fmt::format("there is no license service for {}; set [drm] {}_url",
                                         name_of(system), name_of(system))));
    }
    if (request.body.empty()) {
      return refuse(*exchange, net::Response::problem(400, "the license challenge is empty"));
    }
    const auto viewer = viewer_of(request);
    if (!viewer) return refuse(*exchange, viewer.error());
    const auto header = [&request](std::string_view name) {
      return std::string(request.headers.find(name).value_or(""));
    };
    std::vector<std::string> shown;
    for (const auto& [name, value] : ports_.tokens.headers(ground_of(system, *viewer))) {
      shown.push_back(fmt::format("{}: {}", name, value));
    }
    net::Loop& loop = exchange->loop();
    ports_.services.ask(system,
                        {request.body, header("Content-Type"), header("SOAPAction"),
                         std::string(request.query_value("asset").value_or("")), std::move(shown)},
                        loop,
                        [this, system, play = viewer->id,
                         exchange = std::move(exchange)](Expected<net::OutgoingAnswer> answer) {
                          told_by_service(system, play, *exchange, std::move(answer));
                        });
  }

  // For players that ask the service themselves. The keys are those of the play's channel that viewers may
  // need now, or which of them the player names: ?kids=a,b
  void token(System system, const net::Request& request, net::ExchangePtr exchange) {
    if (!ports_.services.has(system) || !ports_.tokens.any()) {
      return refuse(*exchange,
                    net::Response::problem(
                        404, fmt::format("there are no tokens for {}; set [drm.{}] license_url and "
                                         "[drm.token] form, or post the challenge here",
                                         name_of(system), name_of(system))));
    }
    const auto viewer = viewer_of(request);
    if (!viewer) return refuse(*exchange, viewer.error());
    TokenGround ground = ground_of(system, *viewer);
    if (const auto wanted = request.query_value("kids")) {
      auto kids = named_kids(*wanted, viewer->channel);
      if (!kids) return refuse(*exchange, std::move(kids.error()));
      ground.kids = std::move(*kids);
    }
    boost::json::object headers;
    for (const auto& [name, value] : ports_.tokens.headers(ground)) headers[name] = value;
    count_given(viewer->id);
    const ServiceSettings& service = ports_.services.of(system);
    exchange->respond(net::Response::json(
        boost::json::serialize(boost::json::object{{"url", service.url},
                                                   {"headers", std::move(headers)},
                                                   {"form", name_of(service.form)},
                                                   {"seconds", kServiceTokenLife.count()}})));
  }

  void certificate(const net::Request&, net::ExchangePtr exchange) {
    if (ports_.fairplay_certificate.empty()) {
      return exchange->respond(net::Response::problem(
          404, "there is no FairPlay certificate; set [drm] fairplay_certificate"));
    }
    exchange->respond(
        net::Response::text(200, "application/octet-stream", ports_.fairplay_certificate));
  }

 private:
  void refuse(net::Exchange& exchange, net::Response response) {
    refused_->Increment();
    exchange.respond(std::move(response));
  }

  std::expected<void, net::Response> ask_gatekeeper(const net::Principal& principal,
                                                    const std::string& channel) {
    const auto verdict = ports_.gatekeeper.may(principal, access::Action::View, channel);
    if (verdict) return {};
    return std::unexpected(ports_.guard.deny(verdict.error(), "view:" + channel).response());
  }

  std::expected<drm::KeyBytes, net::Response> key_for(const net::Principal& principal,
                                                      const media::KeyId& kid) {
    const auto held = ports_.vault.find(kid);
    if (!held) {
      return std::unexpected(
          net::Response::problem(404, "there is no key with this id here; reload the playlist"));
    }
    if (auto allowed = ask_gatekeeper(principal, held->channel); !allowed) {
      return std::unexpected(std::move(allowed.error()));
    }
    if (held->maker != keys::Maker::BuiltIn) {
      return std::unexpected(net::Response::problem(
          403, "this key was made by a DRM service and is handed out by its license servers only"));
    }
    return held->key;
  }

  struct Viewer {
    std::string channel;
    std::string play;  // what a service may know of the viewer
    std::string id;    // the play itself; empty for a bearer
  };
  // Whoever asks with a play or a bearer token, and may view the channel now.
  std::expected<Viewer, net::Response> viewer_of(const net::Request& request) {
    const auto principal = ports_.guard.identify(request);
    if (!principal) return std::unexpected(principal.error().response());
    Viewer viewer{std::string(request.query_value("channel").value_or("")),
                  fmt::format("{:016x}", ports_.plays.owner_of(principal->subject)),
                  principal->play};
    if (!request.path_token.empty()) {
      if (const auto claims = ports_.plays.verify(request.path_token)) {
        viewer.channel = claims->channel;
        viewer.play = access::base64url(claims->id);
      }
    }
    if (!is_name(viewer.channel)) {
      return std::unexpected(net::Response::problem(
          400, "say which channel the license is for: use a play's license address, or ?channel="));
    }
    if (auto allowed = ask_gatekeeper(*principal, viewer.channel); !allowed) {
      return std::unexpected(std::move(allowed.error()));
    }
    return viewer;
  }

  TokenGround ground_of(System system, const Viewer& viewer) const {
    if (!ports_.tokens.any()) return {};
    return {system, viewer.play, viewer.channel,
            ports_.vault.newest_kids(viewer.channel, kTokenKidsMax)};
  }

  std::expected<std::vector<media::KeyId>, net::Response> named_kids(std::string_view list,
                                                                     const std::string& channel) {
    std::vector<media::KeyId> kids;
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t end = std::min(list.find(',', at), list.size());
      const auto kid = drm::from_uuid(list.substr(at, end - at));
      if (!kid || kids.size() == kTokenKidsMax) {
        return std::unexpected(net::Response::problem(
            400, fmt::format("?kids= is at most {} key ids of 32 hexadecimal digits, by commas",
                             kTokenKidsMax)));
      }
      const auto held = ports_.vault.find(*kid);
      if (!held || held->channel != channel) {
        return std::unexpected(net::Response::problem(
            403, fmt::format("key {} is none of channel {}", drm::to_uuid(*kid), channel)));
      }
      kids.push_back(*kid);
      at = end + 1;
    }
    return kids;
  }

  void count_given(const std::string& play) {
    const auto claims = play.empty() ? std::nullopt : ports_.plays.find(play);
    const bool test = claims && claims->test;
    (test ? given_tests_ : given_)->Increment();
    ++(test ? ports_.counts.tests : ports_.counts.plays);
  }

  void told_by_service(System system, const std::string& play, net::Exchange& exchange,
                       Expected<net::OutgoingAnswer> answer) {
    if (!answer) {
      failed_->Increment();
      auto response =
          net::Response::problem(503, fmt::format("the license service for {} does not answer: {}",
                                                  name_of(system), answer.error().sentence));
      response.headers.add("Retry-After", "2");
      return exchange.respond(std::move(response));
    }
    // Its refusals are its own; what is broken on its side is a bad gateway.
    if (answer->status < 300) {
      count_given(play);
    } else {
      (answer->status < 500 ? refused_ : failed_)->Increment();
    }
    if (answer->status >= 500) {
      return exchange.respond(net::Response::problem(
          502,
          fmt::format("the license service for {} answered {}", name_of(system), answer->status)));
    }
    net::Response response;
    response.status = answer->status;
    response.headers.add("Content-Type", answer->content_type.empty() ? "application/octet-stream"
                                                                      : answer->content_type);
    response.body.push_back(Bytes::copy_of(answer->body));
    exchange.respond(std::move(response));
  }

  Ports ports_;
  prometheus::Counter* given_ = nullptr;
  prometheus::Counter* given_tests_ = nullptr;
  prometheus::Counter* refused_ = nullptr;
  prometheus::Counter* failed_ = nullptr;
};

net::Policy policy(std::size_t body_bytes_max) {
  // Who may is asked inside, for the channel that the key belongs to.
  return {.who = net::Who::Anyone,
          .cache = net::Cache::NoStore,
          .cors = true,
          .body_bytes_max = body_bytes_max};
}

}  // namespace

std::vector<net::Route> routes(Ports ports) {
  const auto licenses = std::make_shared<Licenses>(std::move(ports));
  const auto route = [&licenses](net::Method method, std::string pattern, std::size_t bytes_max,
                                 std::string summary, auto handler,
                                 std::string answer = std::string()) {
    return net::Route{method,
                      std::move(pattern),
                      policy(bytes_max),
                      net::HttpHandler([licenses, handler](const net::Request& request,
                                                           net::ExchangePtr exchange) {
                        handler(*licenses, request, std::move(exchange));
                      }),
                      {std::move(summary), "", std::move(answer)}};
  };
  using Request = const net::Request&;
  std::vector<net::Route> table;
  table.push_back(
      route(net::Method::Post, "/license/clearkey", kClearKeyBytesMax,
            "A ClearKey license: the keys of the asked ids",
            [](Licenses& l, Request r, net::ExchangePtr e) { l.clear_key(r, std::move(e)); }));
  table.push_back(route(
      net::Method::Get, "/license/identity/{kid}", 0, "The 16 bytes of a key (built-in keys only)",
      [](Licenses& l, Request r, net::ExchangePtr e) { l.identity(r, std::move(e)); }));
  table.push_back(route(
      net::Method::Get, "/license/fairplay/certificate", 0, "The FairPlay application certificate",
      [](Licenses& l, Request r, net::ExchangePtr e) { l.certificate(r, std::move(e)); }));
  for (const System system : {System::Widevine, System::PlayReady, System::FairPlay}) {
    table.push_back(route(net::Method::Post, fmt::format("/license/{}", name_of(system)),
                          kChallengeMax,
                          fmt::format("A {} license; the challenge is passed on", name_of(system)),
                          [system](Licenses& l, Request r, net::ExchangePtr e) {
                            l.pass_on(system, r, std::move(e));
                          }));
    table.push_back(route(
        net::Method::Get, fmt::format("/license/{}/token", name_of(system)), 0,
        fmt::format(
            "For a {} license from the service itself: its address and the headers it wants",
            name_of(system)),
        [system](Licenses& l, Request r, net::ExchangePtr e) { l.token(system, r, std::move(e)); },
        std::string(kTokenSchema)));
  }
  return table;
}

}  // namespace butai::licenses
