#include "net/url.h"

#include <algorithm>

#include "net/target.h"
#include "net/text.h"

namespace butai::net {

namespace {

std::uint16_t usual_port(std::string_view scheme) {
  return scheme == "wss" || scheme == "https" ? 443 : 80;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  Url url;
  const std::size_t mark = text.find("://");
  if (mark == std::string_view::npos) return std::nullopt;
  for (const char c : text.substr(0, mark)) url.scheme += lower(c);
  if (url.scheme != "ws" && url.scheme != "wss" && url.scheme != "http" && url.scheme != "https") {
    return std::nullopt;
  }
  text = text.substr(mark + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  if (!is_host(authority)) return std::nullopt;
  url.port = usual_port(url.scheme);
  const std::size_t bracket = authority.find(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos && colon + 1 < authority.size()) {
    url.port = static_cast<std::uint16_t>(number_of(authority.substr(colon + 1)).value_or(0));
    if (url.port == 0) return std::nullopt;
  }
  url.host = bracket == std::string_view::npos ? authority.substr(0, colon)
                                               : authority.substr(1, bracket - 1);
  const auto bad = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; };
  if (std::ranges::any_of(text.substr(end), bad)) return std::nullopt;
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  return url;
}

std::string Url::authority() const {
  const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == usual_port(scheme) ? name : name + ":" + std::to_string(port);
}

}  // namespace butai::net
