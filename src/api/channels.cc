#include <boost/json.hpp>
#include <cmath>
#include <utility>

#include "api/routes.h"
#include "base/name.h"
#include "net/loop.h"
#include "package/listing.h"

namespace butai::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kChannelSchema =
    R"({"type":"object","properties":{"name":{"type":"string"},"live":{"type":"boolean"},)"
    R"("latency":{"enum":["stable","low","realtime"]},"kind":{"enum":["video","jpeg"]},)"
    R"("viewers":{"type":"integer"},"loudness":{"description":"of the input on air, in the public answer","type":["object","null"]},"test_channel":{"type":"string"},"renditions":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"kind":{"enum":["picture","sound","second_sound"]},"language":{"description":"of a sound, where the configuration says it","type":"string"},"height":{"type":"integer"},"bitrate":{"type":"integer"}}}},"captions":{"type":"array","items":{"type":"string"}},"gaps":{"type":"integer"},"on_air":{"enum":["a","b"]},)"
    R"("inputs":{"type":"array","items":{"type":"object","properties":{"loudness":{)"
    R"("description":"LUFS and dBTP; null where it is not measured",)"
    R"("type":["object","null"]}}}}}})";

// A player fetches its playlist, and a socket beats, more often than this.
constexpr Seconds kSeenWindow{20};

std::string_view word(live::Latency latency) {
  switch (latency) {
    case live::Latency::Stable:
      return "stable";
    case live::Latency::Low:
      return "low";
    case live::Latency::Realtime:
      return "realtime";
  }
  return "low";
}

// LUFS, dBTP; null where it is not measured, and what has not been heard yet.
json::value describe(const std::optional<media::Loudness>& loudness) {
  if (!loudness) return nullptr;
  const auto heard = [](double value) {
    return value > media::kSilenceLufs ? json::value(std::round(value * 10) / 10) : json::value();
  };
  return json::object{{"momentary", heard(loudness->momentary)},
                      {"short_term", heard(loudness->short_term)},
                      {"integrated", heard(loudness->integrated)},
                      {"true_peak", heard(loudness->true_peak)},
                      {"target", media::kTargetLufs},
                      {"target_japan", media::kTargetLkfsJapan}};
}

json::object describe(const live::InputStatus& input, char name) {
  json::array tracks;
  for (const media::Track& t : input.tracks) {
    json::object track{{"codec", t.codec == media::Codec::H264 ? "h264" : "aac"}};
    if (t.codec == media::Codec::H264) {
      track["width"] = t.width;
      track["height"] = t.height;
    } else {
      track["sample_rate"] = t.sample_rate;
      track["channels"] = t.channels;
    }
    tracks.push_back(std::move(track));
  }
  return {{"input", std::string(1, name)}, {"connected", input.connected},
          {"subject", input.subject},      {"frames", input.frames},
          {"pictures", input.pictures},    {"bytes", input.bytes},
          {"tracks", std::move(tracks)},   {"loudness", describe(input.loudness)}};
}

// What everybody may know; the control API adds the inputs.
std::string_view protection_of(std::optional<media::Scheme> scheme) {
  return scheme ? media::four_characters(*scheme) : "none";
}

json::object describe_for_viewers(const live::ChannelStatus& channel, const Ports& ports) {
  const auto plays = ports.plays.active(channel.options.name, kSeenWindow);
  json::object all{{"name", channel.options.name},
                   {"live", channel.live},
                   {"latency", word(channel.options.latency)},
                   {"kind", channel.jpeg ? "jpeg" : "video"},
                   {"viewers", channel.viewers + static_cast<std::int64_t>(plays)},
                   {"protection", protection_of(channel.options.protection)}};
  if (const auto test = ports.test_channel_of(channel.options.name)) all["test_channel"] = *test;
  return all;
}

// What a viewer may choose from; bits per second as measured.
json::array renditions_of(const live::ChannelView& view) {
  json::array all;
  if (!view.presentation()) return all;
  for (const live::Rendition& rendition : view.presentation()->renditions) {
    const live::SegmentLog* log = view.log(rendition.track.id);
    if (log == nullptr) continue;
    const bool picture = rendition.track.codec == media::Codec::H264;
    const bool second = rendition.track.id == media::kSecondSound;
    json::object one{{"name", rendition.name},
                     {"kind", picture  ? "picture"
                              : second ? "second_sound"
                                       : "sound"},
                     {"height", rendition.track.height},
                     {"bitrate", package::measure({&rendition, log}).average}};
    if (!rendition.track.language.empty()) one["language"] = rendition.track.language;
    all.push_back(std::move(one));
  }
  return all;
}

json::object describe(const live::ChannelStatus& channel, const Ports& ports) {
  json::object all = describe_for_viewers(channel, ports);
  all["gaps"] = channel.gaps;
  all["on_air"] = std::string(1, live::letter(channel.on_air));
  all["inputs"] = json::array{describe(channel.inputs[0], 'a'), describe(channel.inputs[1], 'b')};
  return all;
}

json::array captions_of(const live::ChannelView& view) {
  json::array all;
  for (const std::string& language : view.caption_languages()) all.emplace_back(language);
  return all;
}

void respond(net::Exchange& exchange, const json::value& value, int status = 200) {
  exchange.respond(net::Response::json(json::serialize(value), status));
}

net::Response no_such_channel() {
  return net::Response::problem(404, "no such channel; GET /api/v1/channels lists those there are");
}

// An exchange that is answered from a callback posted back to its own loop.
using SharedExchange = std::shared_ptr<net::Exchange>;

void list(net::ExchangePtr exchange, const std::shared_ptr<const Ports>& ports) {
  SharedExchange shared = std::move(exchange);
  ports->channels.list(shared->loop(), [shared, ports](std::vector<live::ChannelStatus> all) {
    json::array channels;
    for (const auto& channel : all) channels.push_back(describe(channel, *ports));
    respond(*shared, json::object{{"channels", std::move(channels)}});
  });
}

void list_public(net::ExchangePtr exchange, const std::shared_ptr<const Ports>& ports) {
  SharedExchange shared = std::move(exchange);
  ports->channels.list(shared->loop(), [shared, ports](std::vector<live::ChannelStatus> all) {
    json::array channels;
    for (const auto& channel : all) {
      if (ports->rules.access_of(channel.options.name) == access::Access::Public) {
        channels.push_back(describe_for_viewers(channel, *ports));
      }
    }
    respond(*shared, json::object{{"channels", std::move(channels)}});
  });
}

std::optional<live::InputSlot> slot_of(std::string_view input) {
  if (input == "a") return live::InputSlot::A;
  if (input == "b") return live::InputSlot::B;
  return std::nullopt;
}

void instruct(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  boost::system::error_code error;
  const json::value body = json::parse(request.body, error);
  const auto* object = error ? nullptr : body.if_object();
  const auto* act = object != nullptr ? object->if_contains("do") : nullptr;
  if (act == nullptr || !act->is_string() || !is_name(std::string_view(act->get_string()))) {
    return exchange->respond(
        net::Response::problem(400, "the body must be JSON like {\"do\":\"key_frame\"}"));
  }
  const auto* input = object->if_contains("input");
  const auto slot = input == nullptr     ? live::InputSlot::A
                    : input->is_string() ? slot_of(std::string_view(input->get_string()))
                                         : std::nullopt;
  if (!slot) return exchange->respond(net::Response::problem(400, "input must be a or b"));
  live::Instruction instruction{.act = std::string(act->get_string()), .value = ""};
  if (const auto* value = object->if_contains("value")) instruction.value = json::serialize(*value);

  SharedExchange shared = std::move(exchange);
  net::Loop& home = shared->loop();
  ports.channels.with_channel(
      std::string(request.arg("channel")), live::Channels::IfMissing::Leave,
      [shared = std::move(shared), &home, slot = *slot,
       instruction](live::Channel* channel) mutable {
        if (channel == nullptr) {
          return home.post([shared = std::move(shared)] { shared->respond(no_such_channel()); });
        }
        channel->instruct(slot, instruction, [shared, &home](const std::string& failure) {
          home.post([shared, failure] {
            if (failure.empty()) return respond(*shared, json::object{{"done", true}});
            shared->respond(net::Response::problem(409, failure));
          });
        });
      });
}

net::Route route(net::Method method, std::string pattern, net::Policy policy, std::string summary,
                 net::HttpHandler handler, std::string_view response_schema = "") {
  return {.method = method,
          .pattern = std::move(pattern),
          .policy = policy,
          .handler = std::move(handler),
          .doc = {.summary = std::move(summary),
                  .request_schema = "",
                  .response_schema = std::string(response_schema)}};
}

}  // namespace

void with_channel(const net::Request& request, net::ExchangePtr exchange, const Ports& ports,
                  std::function<net::Response(live::Channel&)> use) {
  SharedExchange shared = std::move(exchange);
  net::Loop& home = shared->loop();
  ports.channels.with_channel(
      std::string(request.arg("channel")), live::Channels::IfMissing::Leave,
      // The exchange is only carried through the channel's loop, never used there.
      [shared = std::move(shared), &home, use = std::move(use)](live::Channel* channel) mutable {
        auto answer =
            std::make_shared<net::Response>(channel != nullptr ? use(*channel) : no_such_channel());
        home.post([shared = std::move(shared), answer] { shared->respond(std::move(*answer)); });
      });
}

std::vector<net::Route> channel_routes(std::shared_ptr<const Ports> ports) {
  using net::Method;
  const net::Policy read{.who = net::Who::Control};
  const net::Policy write{.who = net::Who::Control, .rate = net::RateClass::Write};
  std::vector<net::Route> table;
  table.push_back(
      route(Method::Get, "/api/v1/channels", read, "All channels",
            [ports](const net::Request&, net::ExchangePtr e) { list(std::move(e), ports); }));
  table.push_back(route(
      Method::Get, "/api/v1/channels/public", {.who = net::Who::Anyone},
      "The channels that everybody may watch",
      [ports](const net::Request&, net::ExchangePtr e) { list_public(std::move(e), ports); }));
  table.push_back(route(
      Method::Get, "/api/v1/channels/{channel}", read, "One channel",
      [ports](const net::Request& r, net::ExchangePtr e) {
        with_channel(r, std::move(e), *ports, [ports](live::Channel& channel) {
          return net::Response::json(json::serialize(describe(channel.status(), *ports)));
        });
      },
      kChannelSchema));
  table.push_back(route(
      Method::Get, "/api/v1/channels/{channel}/public", {.who = net::Who::Anyone},
      "What a viewer may know of a channel",
      [ports](const net::Request& r, net::ExchangePtr e) {
        const std::string name(r.arg("channel"));
        if (!is_name(name) || !ports->channels.known(name)) return e->respond(no_such_channel());
        // One that nobody publishes on yet has the latency it is going to have.
        const live::ChannelView& view = ports->channels.view(e->loop().index(), name);
        const auto latency = view.latency();
        json::array renditions = renditions_of(view);
        json::array captions = captions_of(view);
        const auto waiting = json::serialize(json::object{
            {"name", name},
            {"live", false},
            {"latency", word(latency)},
            {"kind", "video"},
            {"viewers", 0},
            {"protection", ports->channels.is_protected(name) ? "protected" : "none"}});
        ports->channels.forget(e->loop().index(), name);
        SharedExchange shared = std::move(e);
        net::Loop& home = shared->loop();
        ports->channels.with_channel(
            name, live::Channels::IfMissing::Leave,
            [shared = std::move(shared), &home, waiting, ports, renditions = std::move(renditions),
             captions = std::move(captions)](live::Channel* channel) mutable {
              std::string body = waiting;
              if (channel != nullptr) {
                const live::ChannelStatus status = channel->status();
                json::object all = describe_for_viewers(status, *ports);
                all["loudness"] =
                    describe(status.inputs.at(static_cast<std::size_t>(status.on_air)).loudness);
                all["renditions"] = std::move(renditions);
                all["captions"] = std::move(captions);
                body = json::serialize(all);
              }
              home.post([shared = std::move(shared), body] {
                shared->respond(net::Response::json(body));
              });
            });
      },
      kChannelSchema));
  table.push_back(route(Method::Delete, "/api/v1/channels/{channel}/inputs/{input}", write,
                        "Take a publisher off its input",
                        [ports](const net::Request& r, net::ExchangePtr e) {
                          const auto slot = slot_of(r.arg("input"));
                          if (!slot) {
                            return e->respond(net::Response::problem(400, "input must be a or b"));
                          }
                          with_channel(r, std::move(e), *ports, [slot](live::Channel& channel) {
                            if (channel.kick(*slot))
                              return net::Response::json(R"({"kicked":true})");
                            return net::Response::problem(409, "nobody publishes on this input");
                          });
                        }));
  table.push_back(route(
      Method::Post, "/api/v1/channels/{channel}/instructions", write,
      "Order from outside to a publisher, e.g. {\"do\":\"key_frame\"}",
      [ports](const net::Request& r, net::ExchangePtr e) { instruct(r, std::move(e), *ports); }));
  table.push_back(route(Method::Post, "/api/v1/channels/{channel}/rotate-keys", write,
                        "New keys for a protected channel, from its next segment on",
                        [ports](const net::Request& r, net::ExchangePtr e) {
                          with_channel(r, std::move(e), *ports, [](live::Channel& channel) {
                            if (channel.rotate_keys()) {
                              return net::Response::json(R"({"rotating":true})");
                            }
                            return net::Response::problem(409, "this channel is not protected");
                          });
                        }));
  table.push_back(route(Method::Delete, "/api/v1/channels/{channel}", write,
                        "End a channel: viewers are told, playlists get ENDLIST",
                        [ports](const net::Request& r, net::ExchangePtr e) {
                          with_channel(r, std::move(e), *ports, [](live::Channel& channel) {
                            channel.end();
                            return net::Response::json(R"({"ended":true})");
                          });
                        }));
  table.push_back(caption_route(ports));
  return table;
}

}  // namespace butai::api
