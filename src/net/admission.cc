#include "net/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/random.h"
#include "net/limits.h"
#include "net/target.h"
#include "net/text.h"
#include "net/websocket_upgrade.h"

namespace butai::net {

namespace {

Admission malformed(int status, std::string_view why) {
  Admission refused;
  refused.instead = Response::problem(status, why);
  refused.malformed = true;
  return refused;
}

// The Host field, once and well formed; RFC 9112 section 3.2 asks for 400 otherwise.
std::optional<std::string_view> host_of(const MessageHead& head) {
  const auto count = std::ranges::count_if(head.headers.all(), [](const auto& field) {
    return equal_without_case(field.first, "Host");
  });
  if (count == 0 && head.version == 10) return "localhost";
  const auto host = head.headers.find("Host");
  if (count != 1 || !is_host(*host)) return std::nullopt;
  return host;
}

std::string methods_of(const std::vector<Method>& methods) {
  std::string list;
  const auto add = [&list](std::string_view name) {
    if (list_has(list, name)) return;
    list.append(list.empty() ? "" : ", ").append(name);
  };
  for (const Method method : methods) {
    add(name_of(method));
    if (method == Method::Get) add("HEAD");
  }
  add("OPTIONS");
  return list;
}

Response options_answer(const Router::Match& match) {
  Response response;
  response.status = 204;
  const std::string methods = methods_of(match.allowed);
  response.headers.add("Allow", methods);
  if (match.cors) {
    response.headers.add("Access-Control-Allow-Methods", methods);
    response.headers.add("Access-Control-Allow-Headers",
                         "Authorization, Content-Type, Range, If-None-Match, If-Range");
    response.headers.add("Access-Control-Max-Age", "7200");
  }
  return response;
}

Response no_route(const Router::Match& match) {
  if (match.allowed.empty()) return Response::problem(404, "there is nothing at this address");
  Response response = Response::problem(405, "this address does not take that method; see Allow");
  response.headers.add("Allow", methods_of(match.allowed));
  return response;
}

// A request that carries a cookie must come from our own pages.
bool from_own_origin(const Request& request) {
  if (!request.headers.find("Cookie")) return true;
  if (const auto site = request.headers.find("Sec-Fetch-Site")) {
    return *site == "same-origin" || *site == "none";
  }
  const auto origin = request.headers.find("Origin");
  return origin && *origin == request.peer.origin;
}

std::string_view cache_control_of(Cache cache) {
  switch (cache) {
    case Cache::NoStore:
      return "no-store";
    case Cache::Revalidate:
      return "no-cache";
    case Cache::Playlist:
      return "no-store";  // the handler forgot; never keep a playlist then
    case Cache::Immutable:
      return "public, max-age=31536000, immutable";
  }
  return "no-store";
}

std::optional<Response> too_often(HttpContext& context, const Route& route,
                                  const Request& request) {
  const auto wait =
      context.limits.take(route.policy.rate, request.peer.limit_key, context.clock.steady());
  if (!wait) return std::nullopt;
  Response response = Response::problem(
      429, fmt::format("too many requests from your address; try again in {} s", wait->count()));
  response.headers.add("Retry-After", std::to_string(wait->count()));
  return response;
}

}  // namespace

Admission admit(HttpContext& context, MessageHead& head, const Address& socket,
                std::string_view scheme, Request& request) {
  if (head.version != 10 && head.version != 11 && head.version != 20) {
    return malformed(505, "the versions spoken here are HTTP/1.1, HTTP/1.0 and, over TLS, HTTP/2");
  }
  const auto host = host_of(head);
  if (!host) return malformed(400, "the Host field is missing, repeated or malformed");
  const auto method = method_named(head.method);
  if (!method) return malformed(501, "that method is not known here");
  const bool whole_server = head.target == "*" && *method == Method::Options;
  auto target = parse_target(whole_server ? "/" : head.target, *host);
  if (!target) return malformed(400, "the address is malformed");

  request.method = *method;
  request.target = head.target;
  request.path = std::move(target->path);
  request.path_token = std::move(target->path_token);
  request.query = std::move(target->query);
  request.peer = context.peers->resolve(socket, scheme, *host, head.headers);

  Admission admission;
  const auto wants = wants_websocket(head) ? Router::Wants::WebSocket : Router::Wants::Answer;
  auto unfit = wants == Router::Wants::WebSocket ? refuse_handshake(head) : std::nullopt;
  request.headers = std::move(head.headers);  // `host` lies in there, where it was
  Router::Match match = context.router.match(*method, request.path, wants);
  admission.route = match.route;
  admission.cors = match.route != nullptr ? match.route->policy.cors : match.cors;
  request.args = std::move(match.args);
  const auto answer = [&admission](Response response) {
    admission.instead = std::move(response);
    return admission;
  };
  if (match.route == nullptr) {
    const bool known = whole_server || !match.allowed.empty();
    return answer(*method == Method::Options && known ? options_answer(match) : no_route(match));
  }
  const Route& route = *match.route;
  if (std::holds_alternative<WebSocketRoute>(route.handler)) {
    if (wants != Router::Wants::WebSocket) {
      Response response = Response::problem(426, "this address speaks WebSocket");
      response.headers.add("Upgrade", "websocket");
      return answer(std::move(response));
    }
    if (unfit) {
      admission.malformed = unfit->status == 400;
      return answer(std::move(*unfit));
    }
  }
  if (route.policy.csrf == Csrf::SameOrigin && !from_own_origin(request)) {
    return answer(Response::problem(403, "this request must come from this site's own pages"));
  }
  if (auto refused = too_often(context, route, request)) return answer(std::move(*refused));
  auto principal = context.guard.admit(route.policy, request);
  if (!principal) return answer(std::move(principal.error()));
  request.principal = std::move(*principal);
  return admission;
}

Response full_answer() {
  Response response = Response::problem(503, "this server is full; try again a little later");
  const auto later = SystemRandom().number(kRetryAfterSpread);
  response.headers.add("Retry-After", std::to_string(kRetryAfterLeast + static_cast<int>(later)));
  return response;
}

void add_policy_headers(const Admission& admission, Response& response) {
  Headers& headers = response.headers;
  headers.set("X-Content-Type-Options", "nosniff");
  if (!headers.find("Referrer-Policy")) headers.add("Referrer-Policy", "no-referrer");
  if (!headers.find("Cache-Control")) {
    const bool good = response.status < 400 && admission.route != nullptr;
    headers.add("Cache-Control", std::string(cache_control_of(good ? admission.route->policy.cache
                                                                   : Cache::NoStore)));
  }
  if (admission.cors) {
    headers.set("Access-Control-Allow-Origin", "*");
    headers.set("Access-Control-Expose-Headers",
                "Age, Content-Length, Content-Range, Date, ETag, Retry-After");
    headers.set("Cross-Origin-Resource-Policy", "cross-origin");
  }
}

}  // namespace butai::net
