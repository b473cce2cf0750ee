#include "pages/routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

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
    "img-src 'self' blob: data:; font-src 'self'; media-src 'self' blob: https:; "
    "connect-src 'self' https: wss: ws:; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'";
constexpr std::size_t kNonceBytes = 16;  // CSP Level 3, clause 7.1: at least 128 bits

struct PageFile {
  std::string_view pattern;
  std::string_view file;
};
constexpr std::array<PageFile, 11> kPages{{
    {"/e/{slug}", "event/index.html"},
    {"/e/{slug}/test", "test_playback/index.html"},
    {"/e/{slug}/buy", "buy/index.html"},
    {"/sign-in", "sign_in/index.html"},
    {"/orders/{id}", "order/index.html"},
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

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// For whoever reads the page without running it: a messenger that shows what a link leads to.
std::string head_of(const Preview& preview, const std::string& origin) {
  std::string head = fmt::format("<title>{} · Butai</title>", escaped(preview.title));
  const auto add = [&head](std::string_view property, std::string_view content) {
    if (content.empty()) return;
    head +=
        fmt::format("\n    <meta property=\"og:{}\" content=\"{}\" />", property, escaped(content));
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
  response.headers.add("Content-Security-Policy", filled(kContentPolicy, "@NONCE@", nonce));
  response.headers.add("Permissions-Policy", std::string(kPermissions));
  response.headers.add("Cross-Origin-Opener-Policy", "same-origin");
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

net::Policy open_to_all(net::Cache cache) {
  return {.who = net::Who::Anyone, .cache = cache, .body_bytes_max = 0};
}

}  // namespace

const SiteFile* find_site_file(std::string_view name) {
  const auto files = site_files();
  const auto found = std::ranges::find(files, name, &SiteFile::name);
  return found == files.end() ? nullptr : &*found;
}

std::vector<net::Route> routes(PagesOptions options) {
  std::vector<net::Route> list;
  const auto add = [&list](std::string pattern, net::Cache cache, const auto& make) {
    list.push_back({.method = net::Method::Get,
                    .pattern = std::move(pattern),
                    .policy = open_to_all(cache),
                    .handler = net::HttpHandler(
                        [make](const net::Request& request, net::ExchangePtr exchange) {
                          exchange->respond(make(request));
                        }),
                    .doc = {}});
  };
  const auto add_page = [&](std::string pattern, std::string_view file) {
    add(std::move(pattern), net::Cache::Revalidate,
        [options, file](const net::Request& request) { return page(request, options, file); });
  };
  const auto add_file = [&](std::string pattern, std::string_view file) {
    add(std::move(pattern), net::Cache::Revalidate,
        [file](const net::Request& request) { return answer(request, file); });
  };
  add("/", net::Cache::Revalidate,
      [options](const net::Request& request) { return home(request, options); });
  for (const auto& [pattern, file] : kPages) add_page(std::string(pattern), file);
  add_file("/favicon.svg", "favicon.svg");
  add_file("/favicon.ico", "favicon.svg");
  add("/assets/{name*}", net::Cache::Immutable, [](const net::Request& request) {
    return answer(request, fmt::format("assets/{}", request.arg("name")));
  });
  return list;
}

}  // namespace butai::pages
