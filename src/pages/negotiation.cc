#include "pages/negotiation.h"

#include <algorithm>
#include <array>

#include "net/target.h"
#include "net/text.h"

namespace butai::pages {
namespace {

bool is_zero_weight(std::string_view parameter) {
  return parameter.size() >= 3 && net::equal_without_case(parameter.substr(0, 2), "q=") &&
         parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

constexpr std::array<std::string_view, 2> kLanguages{"en", "ja"};
constexpr std::string_view kLanguageCookie = "butai_language=";

// "q=0.8" in thousandths; 1000 without one, 0 when it cannot be read.
int weight(std::string_view parameter) {
  if (parameter.size() < 3 || !net::equal_without_case(parameter.substr(0, 2), "q=")) return 1000;
  const std::string_view value = parameter.substr(2);
  if (value.starts_with('1')) return 1000;
  if (!value.starts_with("0.")) return 0;
  std::string digits(value.substr(2, 3));
  digits.resize(3, '0');
  return static_cast<int>(net::number_of(digits).value_or(0));
}

// How much an Accept-Language header wants `tag` or a region of it.
int wanted(std::string_view accept_language, std::string_view tag) {
  int most = 0;
  for (const std::string_view item : net::list_members(accept_language)) {
    const auto parts = net::list_members(item, ';');
    if (parts.empty() || !net::equal_without_case(parts.front().substr(0, tag.size()), tag))
      continue;
    if (parts.front().size() > tag.size() && parts.front()[tag.size()] != '-') continue;
    most = std::max(most, parts.size() > 1 ? weight(parts[1]) : 1000);
  }
  return most;
}

bool is_octet(std::string_view part) {
  const auto number = net::number_of(part);
  return number && *number <= 255;
}

}  // namespace

bool names(std::string_view header, std::string_view wanted) {
  for (const std::string_view item : net::list_members(header)) {
    const auto parts = net::list_members(item, ';');
    if (parts.empty() || !net::equal_without_case(parts.front(), wanted)) continue;
    return std::none_of(parts.begin() + 1, parts.end(), is_zero_weight);
  }
  return false;
}

std::string_view language(std::string_view wish, std::string_view cookies,
                          std::string_view accept_language) {
  const auto known = std::ranges::find(kLanguages, wish);
  if (known != kLanguages.end()) return *known;
  for (const std::string_view cookie : net::list_members(cookies, ';')) {
    if (!cookie.starts_with(kLanguageCookie)) continue;
    const auto kept = std::ranges::find(kLanguages, cookie.substr(kLanguageCookie.size()));
    if (kept != kLanguages.end()) return *kept;
  }
  return wanted(accept_language, "ja") > wanted(accept_language, "en") ? "ja" : "en";
}

std::string host_name(std::string_view host_header) {
  if (!net::is_host(host_header)) return {};
  const auto after_address = host_header.starts_with('[') ? host_header.find(']') : 0;
  std::string name(host_header.substr(0, host_header.find(':', after_address)));
  std::ranges::transform(name, name.begin(), net::lower);
  return name;
}

bool is_loopback_name(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost") || host == "[::1]") return true;
  const auto parts = net::list_members(host, '.');
  return parts.size() == 4 && parts.front() == "127" && std::ranges::all_of(parts, is_octet);
}

}  // namespace butai::pages
