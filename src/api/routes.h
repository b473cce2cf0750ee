// The control API and the small services around it, one file per resource.
// Thread: handlers run on their connection's loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/ports.h"

namespace butai::api {

// /api/v1/channels…
std::vector<net::Route> channel_routes(std::shared_ptr<const Ports> ports);
// /api/v1/channels/{channel}/captions
net::Route caption_route(std::shared_ptr<const Ports> ports);
// Runs `use` on the channel's loop and answers with what it returns on the exchange's.
void with_channel(const net::Request& request, net::ExchangePtr exchange, const Ports& ports,
                  std::function<net::Response(live::Channel&)> use);
// /api/v1/channels/{channel}/keys…
std::vector<net::Route> publish_key_routes(std::shared_ptr<const Ports> ports);
// /api/v1/plays/{id}/device-row, /api/v1/device-rows
std::vector<net::Route> device_row_routes(std::shared_ptr<const Ports> ports);
// /time, /healthz, /readyz
std::vector<net::Route> service_routes(std::shared_ptr<const Ports> ports);
// /api/v1/openapi.json, written from `table` (all routes of the server, this one excepted).
net::Route openapi_route(const std::vector<net::Route>& table, const std::string& version);
// /metrics; goes on the metrics listener only.
net::Route metrics_route(const Metrics& metrics);

}  // namespace butai::api
