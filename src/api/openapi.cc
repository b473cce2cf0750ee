#include <array>
#include <boost/json.hpp>

#include "api/routes.h"

namespace butai::api {
namespace {

namespace json = boost::json;

std::string_view word(net::Method method) {
  switch (method) {
    case net::Method::Get:
      return "get";
    case net::Method::Head:
      return "head";
    case net::Method::Post:
      return "post";
    case net::Method::Put:
      return "put";
    case net::Method::Patch:
      return "patch";
    case net::Method::Delete:
      return "delete";
    case net::Method::Options:
      return "options";
  }
  return "get";
}

json::object content(const std::string& schema) {
  boost::system::error_code error;
  const json::value parsed = json::parse(schema, error);
  return {{"application/json", {{"schema", error ? json::value(json::object{}) : parsed}}}};
}

// {name} and {name*} of a pattern as OpenAPI parameters; the star goes.
json::array parameters(std::string& pattern) {
  json::array all;
  for (auto open = pattern.find('{'); open != std::string::npos;
       open = pattern.find('{', open + 1)) {
    auto close = pattern.find('}', open);
    if (pattern[close - 1] == '*') pattern.erase(--close, 1);
    all.push_back({{"name", pattern.substr(open + 1, close - open - 1)},
                   {"in", "path"},
                   {"required", true},
                   {"schema", {{"type", "string"}}}});
  }
  return all;
}

json::object operation(const net::Route& route, json::array path_parameters) {
  json::object responses{
      {"200", {{"description", "done"}}},
      {"default", {{"description", "application/problem+json: what is wrong and what to do"}}}};
  if (!route.doc.response_schema.empty()) {
    responses["200"].as_object()["content"] = content(route.doc.response_schema);
  }
  if (std::holds_alternative<net::WebSocketRoute>(route.handler)) {
    responses["101"] = {{"description", "switching to WebSocket"}};
    responses.erase("200");
  }
  json::object described{{"summary", route.doc.summary}, {"responses", std::move(responses)}};
  if (!path_parameters.empty()) described["parameters"] = std::move(path_parameters);
  if (!route.doc.request_schema.empty()) {
    described["requestBody"] = {{"content", content(route.doc.request_schema)}};
  }
  if (route.policy.who != net::Who::Anyone) {
    described["security"] = json::array{json::object{{"bearer", json::array{}}}};
  }
  return described;
}

std::string_view word(net::Who who) {
  constexpr std::array<std::string_view, 6> kWords{"anyone",    "bearer",  "viewer",
                                                   "publisher", "control", "admin"};
  return kWords.at(static_cast<std::size_t>(who));
}

// Every route with who may call it, pages and sockets too: what the authorisation test goes through.
json::array policies(const std::vector<net::Route>& table) {
  json::array all;
  for (const net::Route& route : table) {
    all.push_back({{"method", word(route.method)},
                   {"pattern", route.pattern},
                   {"who", word(route.policy.who)},
                   {"csrf", route.policy.csrf == net::Csrf::SameOrigin},
                   {"socket", std::holds_alternative<net::WebSocketRoute>(route.handler)}});
  }
  return all;
}

}  // namespace

net::Route openapi_route(const std::vector<net::Route>& table, const std::string& version) {
  json::object paths;
  for (const net::Route& route : table) {
    if (route.doc.summary.empty()) continue;
    std::string pattern = route.pattern;
    json::array path_parameters = parameters(pattern);
    auto& entry = paths[pattern];
    if (!entry.is_object()) entry = json::object{};
    entry.as_object()[word(route.method)] = operation(route, std::move(path_parameters));
  }
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", {{"title", "Butai"}, {"version", version}}},
      {"paths", std::move(paths)},
      {"x-routes", policies(table)},
      {"components",
       {{"securitySchemes",
         {{"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"bearerFormat", "JWT"}}}}}}}};
  return {.method = net::Method::Get,
          .pattern = "/api/v1/openapi.json",
          .policy = {.who = net::Who::Anyone, .cache = net::Cache::Revalidate, .cors = true},
          .handler =
              [text = json::serialize(document)](const net::Request&, net::ExchangePtr exchange) {
                exchange->respond(net::Response::json(text));
              },
          .doc = {}};
}

}  // namespace butai::api
