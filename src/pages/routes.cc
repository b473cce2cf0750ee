#include "pages/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/markup.h"
#include "net/text.h"
#include "pages/negotiation.h"
#include "pages/site.h"

namespace butai::pages {
namespace {

// A script runs only by the nonce of this one answer, or loaded by one that does ('self' is for browsers
// without strict-dynamic). blob: is what Media Source Extensions and shaka-player's workers need; ws: and
// wss: because a page may be moved to another node.
constexpr std::string_view kContentPolicy =
    "default-src 'none'; script-src 'nonce-@NONCE@' 'strict-dynamic' 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob: data: https:; "
    "connect-src 'self' https: wss: ws:; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
constexpr std::size_t kNonceBytes = 16;  // CSP Level 3, clause 7.1: at least 128 bits

// The pay page loads one script of another host, which opens frames of its own and asks its own server.
constexpr std::string_view kPayPolicy =
    "default-src 'none'; script-src 'nonce-@NONCE@' 'strict-dynamic' 'self' @PAY@; "
    "style-src 'self'; img-src 'self' data: @PAY@; font-src 'self'; connect-src 'self' @PAY@; "
    "frame-src @PAY@; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
// What Stripe's script needs beside its own origin.
constexpr std::string_view kStripeOrigin = "https://js.stripe.com";
constexpr std::string_view kStripeSources =
    "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com https://api.stripe.com";

// What rests while the panic switch is on.
enum class Rests : std::uint8_t { No, Yes };

struct PageFile {
  std::string_view pattern;
  std::string_view file;
  Rests rests = Rests::No;
};
constexpr std::string_view kPayFile = "pay/index.html";
constexpr std::array<PageFile, 18> kPages{{
    {"/e/{slug}", "event/index.html", Rests::Yes},
    {"/e/{slug}/test", "test_playback/index.html", Rests::Yes},
    {"/e/{slug}/buy", "buy/index.html", Rests::Yes},
    {"/sign-in", "sign_in/index.html"},
    {"/account", "account/index.html"},
    {"/orders/{id}", "order/index.html", Rests::Yes},
    {"/orders/{id}/pay", kPayFile, Rests::Yes},
    {"/orders/{id}/receipt", "receipt/index.html", Rests::Yes},
    {"/legal", "legal/index.html", Rests::Yes},
    {"/terms", "legal/index.html", Rests::Yes},
    {"/privacy", "legal/index.html", Rests::Yes},
    {"/external", "legal/index.html", Rests::Yes},
    {"/tickets", "tickets/index.html"},
    {"/watch", "watch/index.html"},
    {"/watch/{channel}", "watch/index.html"},
    {"/publish", "publish/index.html"},
    {"/producer", "producer/index.html"},
    {"/producer/events/{id}", "producer_event/index.html"},
}};
constexpr std::string_view kPermissions =
    "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), "
    "geolocation=(), payment=()";

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kTypes{{
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
}};

std::string_view type_of(std::string_view name) {
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

std::string_view header(const net::Request& request, std::string_view name) {
  return request.headers.find(name).value_or(std::string_view{});
}

// The server turns it into 304 where the browser has it already (net/conditional.h).
net::Response answer(const net::Request& request, const SiteFile& file) {
  const bool zipped = file.has_gzip() && names(header(request, "Accept-Encoding"), "gzip");
  net::Response response;
  response.headers.add("ETag", fmt::format("\"{}{}\"", file.hash, zipped ? "-gz" : ""));
  response.headers.add("Vary", "Accept-Encoding");
  response.headers.add("Referrer-Policy", "no-referrer");
  response.headers.add("Content-Type", std::string(type_of(file.name)));
  if (zipped) response.headers.add("Content-Encoding", "gzip");
  response.body.push_back(Bytes::copy_of(zipped ? file.gzip() : file.plain()));
  return response;
}

net::Response answer(const net::Request& request, std::string_view name) {
  if (const SiteFile* file = find_site_file(name)) return answer(request, *file);
  return net::Response::problem(404, "There is no such file. Reload the page.");
}

std::string filled(std::string_view text, std::string_view mark, std::string_view value) {
  std::string all;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark)) {
    all.append(text.substr(0, at)).append(value);
    text.remove_prefix(at + mark.size());
  }
  return all.append(text);
}

// What the script's address is allowed: its origin, and for Stripe's own the hosts that it works with.
std::string pay_sources(std::string_view script) {
  const std::size_t host = script.find("//");
  if (host == std::string_view::npos) return "";
  const std::string_view origin = script.substr(0, script.find('/', host + 2));
  return std::string(origin == kStripeOrigin ? kStripeSources : origin);
}

std::string pay_permission(std::string_view sources) {
  return fmt::format("payment=(self \"{}\")", sources.substr(0, sources.find(' ')));
}

// For whoever reads the page without running it: a messenger that shows what a link leads to.
std::string head_of(const Preview& preview, const std::string& origin) {
  std::string head = fmt::format("<title>{} · Butai</title>", markup_escaped(preview.title));
  const auto add = [&head](std::string_view property, std::string_view content) {
    if (content.empty()) return;
    head += fmt::format("\n    <meta property=\"og:{}\" content=\"{}\" />", property,
                        markup_escaped(content));
  };
  add("type", "website");
  add("title", preview.title);
  add("description", preview.text);
  if (!preview.image.empty()) {
    add("image", origin + preview.image);
    add("image:alt", preview.title);
  }
  return head;
}

// The page in the visitor's language, under a nonce of its own; so it has no tag and is always sent.
net::Response answer_page(const net::Request& request, const PagesOptions& options,
                          std::string_view name) {
  const SiteFile* file = find_site_file(name);
  if (file == nullptr) return net::Response::problem(404, "There is no such page.");
  std::array<std::uint8_t, kNonceBytes> bytes;
  options.random.fill(bytes);
  const std::string nonce = net::base64(bytes);
  const auto plain = file->plain();
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes of text
  const std::string_view text(reinterpret_cast<const char*>(plain.data()), plain.size());
  const std::string_view spoken =
      language(request.query_value("lang").value_or(""), header(request, "Cookie"),
               header(request, "Accept-Language"));
  std::string whole = filled(filled(text, "@LANGUAGE@", spoken), "@NONCE@", nonce);
  if (const auto preview = options.preview(request.arg("slug"), spoken)) {
    whole = filled(whole, "<title>Butai</title>", head_of(*preview, request.peer.origin));
  }
  net::Response response = net::Response::text(200, "text/html; charset=utf-8", whole);
  response.headers.add("Content-Language", std::string(spoken));
  response.headers.add("Vary", "Accept, Accept-Language, Cookie");
  response.headers.add("Referrer-Policy", "no-referrer");
  const bool pays = name == kPayFile && !options.pay_script.empty();
  const std::string sources = pays ? pay_sources(options.pay_script) : "";
  response.headers.add("Content-Security-Policy", filled(pays ? filled(kPayPolicy, "@PAY@", sources)
                                                              : std::string(kContentPolicy),
                                                         "@NONCE@", nonce));
  response.headers.add("Permissions-Policy",
                       pays ? filled(kPermissions, "payment=()", pay_permission(sources))
                            : std::string(kPermissions));
  // A bank's window must be able to say that it is done.
  response.headers.add("Cross-Origin-Opener-Policy",
                       pays ? "same-origin-allow-popups" : "same-origin");
  return response;
}

// Where the same page is under https; empty when it is fine as it is.
std::string secure_address(const net::Request& request, const PagesOptions& options) {
  if (request.peer.secure) return {};
  const std::string host = host_name(header(request, "Host"));
  if (host.empty() || is_loopback_name(host)) return {};
  // One leading slash only: "//x" after the host would still be ours, but look like another host.
  const auto start = std::min(request.target.find_first_not_of('/'), request.target.size());
  const std::string target = "/" + request.target.substr(start);
  if (request.peer.origin.starts_with("https://")) return request.peer.origin + target;
  const std::uint16_t port = options.https_port();
  if (port == 0) return {};
  return port == 443 ? fmt::format("https://{}{}", host, target)
                     : fmt::format("https://{}:{}{}", host, port, target);
}

net::Response page(const net::Request& request, const PagesOptions& options,
                   std::string_view name) {
  if (const std::string address = secure_address(request, options); !address.empty()) {
    net::Response response = net::Response::text(308, "text/plain; charset=utf-8", address + "\n");
    response.headers.add("Location", address);
    return response;
  }
  return answer_page(request, options, name);
}

net::Response home(const net::Request& request, const PagesOptions& options) {
  if (names(header(request, "Accept"), "text/html")) {
    return page(request, options, "home/index.html");
  }
  net::Response response = net::Response::json(R"({"message": "WebSocket endpoint is /ws"})");
  response.headers.add("Vary", "Accept, Accept-Language, Cookie");
  return response;
}

net::Policy open_to_all(net::Cache cache, Rests rests) {
  return {
      .who = net::Who::Anyone, .cache = cache, .rests = rests == Rests::Yes, .body_bytes_max = 0};
}

}  // namespace

const SiteFile* find_site_file(std::string_view name) {
  const auto files = site_files();
  const auto found = std::ranges::find(files, name, &SiteFile::name);
  return found == files.end() ? nullptr : &*found;
}

std::vector<std::pair<std::string, std::string>> external_hosts(const PagesOptions& options) {
  if (options.pay_script.empty()) return {};
  std::vector<std::pair<std::string, std::string>> hosts;
  const std::string policy = filled(kPayPolicy, "@PAY@", pay_sources(options.pay_script));
  for (const std::string_view rule : net::list_members(policy, ';')) {
    const auto words = net::list_members(rule, ' ');
    for (const std::string_view source : words) {
      if (!source.contains("://")) continue;
      auto found = std::ranges::find(hosts, source, [](const auto& host) { return host.first; });
      if (found == hosts.end()) found = hosts.emplace(hosts.end(), source, "");
      const std::string_view kind = words.front().substr(0, words.front().find('-'));
      found->second += fmt::format("{}{}", found->second.empty() ? "" : " ", kind);
    }
  }
  return hosts;
}

std::vector<net::Route> routes(PagesOptions options) {
  std::vector<net::Route> list;
  const auto add = [&list](std::string pattern, net::Cache cache, Rests rests, const auto& make) {
    list.push_back({.method = net::Method::Get,
                    .pattern = std::move(pattern),
                    .policy = open_to_all(cache, rests),
                    .handler = net::HttpHandler(
                        [make](const net::Request& request, net::ExchangePtr exchange) {
                          exchange->respond(make(request));
                        }),
                    .doc = {}});
  };
  const auto add_page = [&](std::string pattern, std::string_view file, Rests rests) {
    add(std::move(pattern), net::Cache::Revalidate, rests,
        [options, file](const net::Request& request) { return page(request, options, file); });
  };
  const auto add_file = [&](std::string pattern, std::string_view file) {
    add(std::move(pattern), net::Cache::Revalidate, Rests::No,
        [file](const net::Request& request) { return answer(request, file); });
  };
  add("/", net::Cache::Revalidate, Rests::Yes,
      [options](const net::Request& request) { return home(request, options); });
  for (const auto& [pattern, file, rests] : kPages) add_page(std::string(pattern), file, rests);
  add_file("/favicon.svg", "favicon.svg");
  add_file("/favicon.ico", "favicon.svg");
  add("/assets/{name*}", net::Cache::Immutable, Rests::No, [](const net::Request& request) {
    return answer(request, fmt::format("assets/{}", request.arg("name")));
  });
  return list;
}

}  // namespace butai::pages
