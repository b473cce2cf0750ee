#include "client/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/name.h"

namespace butai::client {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool is_socket(const Url& url) { return url.scheme == "ws" || url.scheme == "wss"; }
bool is_http(const Url& url) { return url.scheme == "http" || url.scheme == "https"; }

void add_query(Url& url, std::string_view name, std::string_view value) {
  if (!query_value(url.query, name).empty()) return;
  url.query += fmt::format("{}{}={}", url.query.empty() ? "" : "&", name, value);
}

void ask_for(Url& url, ViewFormat format) {
  if (format == ViewFormat::Jpeg) add_query(url, "format", "jpeg");
}

Expected<PublishTarget> rtmp_target(const Url& url) {
  RtmpAddress address;
  address.host = url.host();
  address.secure = url.scheme == "rtmps";
  address.port = address.secure ? 1936 : 1935;
  const std::size_t colon = url.authority.rfind(':');
  if (colon != std::string::npos && colon >= url.authority.rfind(']') + 1) {
    const std::string_view digits = std::string_view(url.authority).substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || address.port == 0) {
      return problem(fmt::format("\"{}\" is no port", digits));
    }
  }
  const std::size_t slash = url.path.rfind('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == url.path.size()) {
    return problem(fmt::format("write {}://{}/live/CHANNEL, or a stream key in its place",
                               url.scheme, url.authority));
  }
  address.app = url.path.substr(1, slash - 1);
  address.name = url.path.substr(slash + 1);
  PublishTarget target;
  target.channel = address.name;
  target.url = address.connection_url();
  target.exposed = !address.secure && !url.loopback();
  if (!url.query.empty()) address.name += "?" + url.query;
  target.rtmp = std::move(address);
  return target;
}

// CHANNEL of …/FOLDER/CHANNEL[/…].
std::string channel_in(std::string_view path, std::string_view folder) {
  const std::string wanted = fmt::format("/{}/", folder);
  const std::size_t at = path.find(wanted);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = path.substr(at + wanted.size());
  return std::string(rest.substr(0, rest.find('/')));
}

}  // namespace

std::string Url::text() const { return origin() + path + (query.empty() ? "" : "?" + query); }

std::string RtmpAddress::connection_url() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}/{}", secure ? "rtmps" : "rtmp", v6 ? "[" + host + "]" : host, port,
                     app);
}

std::string Url::host() const {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

bool Url::loopback() const {
  const std::string name = host();
  return name == "localhost" || name == "::1" || name.starts_with("127.");
}

Expected<Url> parse_url(std::string_view text) {
  if (std::ranges::any_of(text, [](unsigned char c) { return c <= 0x20 || c == 0x7f; })) {
    return problem("the URL has a space or a control character in it");
  }
  text = text.substr(0, text.find('#'));
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    return problem(fmt::format("\"{}\" is no URL; write one like wss://example.org/ws", text));
  }
  Url url;
  url.scheme = lower(text.substr(0, colon));
  const std::string_view rest = text.substr(colon + 3);
  const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
  url.authority = rest.substr(0, path);
  const std::size_t query = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(path, query - path);
  if (query < rest.size()) url.query = rest.substr(query + 1);
  if (url.authority.find('@') != std::string::npos) {
    return problem("no user name in the URL, please; give a token with --token or BUTAI_TOKEN");
  }
  if (url.host().empty())
    return problem("the URL has no host; write one like wss://example.org/ws");
  return url;
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name || equals == std::string_view::npos) continue;
    return std::string(pair.substr(equals + 1));
  }
  return {};
}

Expected<PublishTarget> publish_target(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return std::unexpected(url.error());
  if (url->scheme == "rtmp" || url->scheme == "rtmps") return rtmp_target(*url);
  if (url->scheme == "srt") {
    return problem(
        fmt::format("srt:// comes with a later release; send to wss://{}/ws today", url->host()));
  }
  if (is_http(*url)) {
    return problem(fmt::format("cameras are sent to a WebSocket: write {}://{}/ws",
                               url->scheme == "https" ? "wss" : "ws", url->authority));
  }
  if (!is_socket(*url)) {
    return problem(fmt::format("{}:// is nothing that can be sent to; use wss://", url->scheme));
  }
  if (url->path.empty() || url->path == "/") url->path = "/ws";
  if (url->query.empty()) url->query = "channel=main";
  std::string channel = query_value(url->query, "channel");
  if (channel.empty()) channel = "main";
  return PublishTarget{.url = url->text(),
                       .channel = std::move(channel),
                       .exposed = url->scheme == "ws" && !url->loopback(),
                       .rtmp = std::nullopt};
}

bool WatchTarget::signed_path() const {
  const auto url = parse_url(socket_url);
  return url && url->path.starts_with("/t/");
}

Expected<WatchTarget> watch_target(std::string_view text, std::string_view channel,
                                   ViewFormat format) {
  auto url = parse_url(text);
  if (!url) return std::unexpected(url.error());
  WatchTarget target;
  if (is_socket(*url)) {
    target.channel = channel_in(url->path, "live");
    if (target.channel.empty()) {
      target.channel = channel.empty() ? "main" : channel;
      url->path = fmt::format("/live/{}/ws", target.channel);
    }
    ask_for(*url, format);
    target.socket_url = url->text();
  } else if (is_http(*url)) {
    target.channel = channel.empty() ? channel_in(url->path, "watch") : std::string(channel);
    if (target.channel.empty()) target.channel = "main";
    target.plays_url = url->origin() + "/api/v1/plays";
  } else {
    return problem(
        fmt::format("{}:// is nothing that can be watched; use wss:// or https://", url->scheme));
  }
  if (!is_name(target.channel)) {
    return problem(
        fmt::format("\"{}\" is no channel: names are 1 to 64 of A-Z a-z 0-9 _ -", target.channel));
  }
  return target;
}

Expected<std::string> socket_of_play(std::string_view plays_url, std::string_view ws,
                                     ViewFormat format) {
  auto base = parse_url(plays_url);
  if (!base) return std::unexpected(base.error());
  auto url = ws.starts_with('/') ? parse_url(base->origin() + std::string(ws)) : parse_url(ws);
  if (!url) return problem("the server's answer names no WebSocket address");
  if (url->scheme == "http") url->scheme = "ws";
  if (url->scheme == "https") url->scheme = "wss";
  if (!is_socket(*url)) return problem("the server's answer names no WebSocket address");
  ask_for(*url, format);
  return url->text();
}

Expected<std::string> license_beside(std::string_view socket_url) {
  auto url = parse_url(socket_url);
  if (!url) return std::unexpected(url.error());
  url->scheme = url->scheme == "wss" ? "https" : "http";
  url->path = url->path.substr(0, url->path.find("/live/")) + "/license";
  url->query.clear();
  return url->text();
}

}  // namespace butai::client
