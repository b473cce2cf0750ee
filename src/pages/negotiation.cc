#include "pages/negotiation.h"

#include <algorithm>

#include "net/target.h"
#include "net/text.h"

namespace butai::pages {
namespace {

bool is_zero_weight(std::string_view parameter) {
  return parameter.size() >= 3 && net::equal_without_case(parameter.substr(0, 2), "q=") &&
         parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
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
