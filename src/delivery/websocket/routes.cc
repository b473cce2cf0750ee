#include "delivery/websocket/routes.h"

#include <charconv>
#include <utility>

#include "base/name.h"
#include "delivery/clear_only.h"
#include "delivery/websocket/viewer_session.h"

namespace butai::delivery::websocket {
namespace {

const net::Policy kPolicy{.who = net::Who::Viewer, .late_token = net::LateToken::Allowed};

std::optional<std::int64_t> number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

using Accepted = std::expected<std::unique_ptr<net::WebSocketHandler>, net::Response>;

Accepted accept(const net::Request& request, const Ports& ports, FanOuts& fan_outs) {
  Wish wish;
  wish.channel = request.arg("channel");
  if (!is_name(wish.channel) || !ports.channels.known(wish.channel)) {
    return std::unexpected(net::Response::problem(404, "no such channel"));
  }
  const std::string_view format = request.query_value("format").value_or("cmaf");
  if (format == "jpeg" && ports.channels.is_protected(wish.channel)) {
    return std::unexpected(no_clear_pictures());
  }
  if (format != "cmaf" && format != "jpeg") {
    return std::unexpected(net::Response::problem(400, "format must be cmaf or jpeg"));
  }
  const auto latency = request.query_value("latency");
  const std::int64_t interval = latency ? number(latency).value_or(-1) : 33;
  if (interval != 0 && interval != 33 && interval != 100) {
    return std::unexpected(net::Response::problem(400, "latency must be 0, 33 or 100"));
  }
  wish.interval = Millis{interval};
  if (format == "jpeg") {
    wish.feed = FanOut::Feed::Pictures;
    wish.interval = Millis{0};
  } else if (const auto micros = number(request.query_value("after"))) {
    wish.after = utc_of(*micros);
  }
  if (const auto rendition = request.query_value("rendition"); rendition && !rendition->empty()) {
    if (!is_name(*rendition)) {
      return std::unexpected(
          net::Response::problem(400, "rendition must be a name of [A-Za-z0-9_-]"));
    }
    wish.rendition = *rendition;
  }
  if (const auto sound = request.query_value("sound"); sound && !sound->empty()) {
    if (!is_name(*sound)) {
      return std::unexpected(net::Response::problem(400, "sound must be a name of [A-Za-z0-9_-]"));
    }
    wish.sound = *sound;
  }
  return std::make_unique<ViewerSession>(request, ports, fan_outs, std::move(wish), kPolicy);
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  const auto fan_outs = std::make_shared<FanOuts>(*ports);
  net::WebSocketRoute socket{
      .accept = [ports, fan_outs](
                    const net::Request& request) { return accept(request, *ports, *fan_outs); },
      .limits = {},
      .subprotocols = {"butai.v1"},
  };
  return {{.method = net::Method::Get,
           .pattern = "/live/{channel}/ws",
           .policy = kPolicy,
           .handler = std::move(socket),
           .doc = {.summary = "View: CMAF chunks or JPEG pictures, pushed",
                   .request_schema = "",
                   .response_schema = ""}}};
}

}  // namespace butai::delivery::websocket
