#include "access/publish_keys.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "api/routes.h"
#include "base/log.h"
#include "base/name.h"
#include "net/loop.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using SharedExchange = std::shared_ptr<net::Exchange>;

constexpr std::string_view kKeySchema =
    R"({"type":"object","properties":{"id":{"type":"string"},"channel":{"type":"string"},)"
    R"("created":{"type":"string"},"key":{"type":"string"}}})";

json::object describe(const access::PublishKey& key) {
  const auto seconds = std::chrono::time_point_cast<Seconds>(key.created);
  return {{"id", key.id},
          {"channel", key.channel},
          {"created", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                  fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)))}};
}

void refuse(net::Exchange& exchange, access::KeyFault fault) {
  const int status = fault == access::KeyFault::TooMany ? 409 : 503;
  exchange.respond(net::Response::problem(status, access::sentence(fault)));
}

// The channel of the path if it may exist; answers 404 otherwise.
std::optional<std::string> channel_of(const net::Request& request, net::Exchange& exchange,
                                      const Ports& ports) {
  std::string name(request.arg("channel"));
  if (is_name(name) && ports.channels.known(name)) return name;
  exchange.respond(
      net::Response::problem(404, "no such channel; configure it, or switch [channels] auto on"));
  return std::nullopt;
}

void make(const net::Request& request, SharedExchange exchange, const Ports& ports) {
  const auto channel = channel_of(request, *exchange, ports);
  if (!channel) return;
  net::Loop& home = exchange->loop();
  ports.publish_keys.make(*channel, home, [exchange = std::move(exchange)](auto made) {
    if (!made) return refuse(*exchange, made.error());
    log::info("stream key made", {{"channel", made->key.channel}, {"id", made->key.id}});
    json::object answer = describe(made->key);
    answer["key"] = made->text;
    exchange->respond(net::Response::json(json::serialize(answer), 201));
  });
}

void list(const net::Request& request, SharedExchange exchange, const Ports& ports) {
  const auto channel = channel_of(request, *exchange, ports);
  if (!channel) return;
  net::Loop& home = exchange->loop();
  ports.publish_keys.list(*channel, home, [exchange = std::move(exchange)](auto keys) {
    if (!keys) return refuse(*exchange, keys.error());
    json::array all;
    for (const access::PublishKey& key : *keys) all.push_back(describe(key));
    exchange->respond(net::Response::json(json::serialize(json::object{{"keys", std::move(all)}})));
  });
}

// Whoever publishes with it is taken off at once.
void take_off(live::Channels& channels, const access::PublishKey& key) {
  channels.with_channel(key.channel, live::Channels::IfMissing::Leave,
                        [subject = key.subject()](live::Channel* on) {
                          if (on == nullptr) return;
                          const live::ChannelStatus status = on->status();
                          for (const auto slot : {live::InputSlot::A, live::InputSlot::B}) {
                            const auto& input = status.inputs.at(static_cast<std::size_t>(slot));
                            if (input.connected && input.subject == subject) on->kick(slot);
                          }
                        });
}

void revoke(const net::Request& request, SharedExchange exchange,
            const std::shared_ptr<const Ports>& ports) {
  const auto channel = channel_of(request, *exchange, *ports);
  if (!channel) return;
  net::Loop& home = exchange->loop();
  ports->publish_keys.revoke(
      *channel, std::string(request.arg("id")), home,
      [exchange = std::move(exchange), ports](auto revoked) {
        if (!revoked) return refuse(*exchange, revoked.error());
        if (!*revoked) {
          return exchange->respond(
              net::Response::problem(404, "this channel has no stream key of that id"));
        }
        log::info("stream key revoked", {{"channel", (*revoked)->channel}, {"id", (*revoked)->id}});
        take_off(ports->channels, **revoked);
        exchange->respond(net::Response::json(R"({"revoked":true})"));
      });
}

net::Route route(net::Method method, std::string pattern, net::RateClass rate, std::string summary,
                 net::HttpHandler handler) {
  return {.method = method,
          .pattern = std::move(pattern),
          .policy = {.who = net::Who::Control, .rate = rate},
          .handler = std::move(handler),
          .doc = {.summary = std::move(summary),
                  .request_schema = "",
                  .response_schema = std::string(kKeySchema)}};
}

}  // namespace

std::vector<net::Route> publish_key_routes(std::shared_ptr<const Ports> ports) {
  using net::Method;
  using net::RateClass;
  const std::string keys = "/api/v1/channels/{channel}/keys";
  std::vector<net::Route> table;
  table.push_back(route(
      Method::Get, keys, RateClass::None, "Stream keys of a channel, without the words themselves",
      [ports](const net::Request& r, net::ExchangePtr e) { list(r, std::move(e), *ports); }));
  table.push_back(
      route(Method::Post, keys, RateClass::Write,
            "Make a stream key: what an encoder's field takes; shown this once",
            [ports](const net::Request& r, net::ExchangePtr e) { make(r, std::move(e), *ports); }));
  table.push_back(route(
      Method::Delete, keys + "/{id}", RateClass::Write,
      "Revoke a stream key; who publishes with it is taken off",
      [ports](const net::Request& r, net::ExchangePtr e) { revoke(r, std::move(e), ports); }));
  return table;
}

}  // namespace butai::api
