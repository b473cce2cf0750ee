#include "access/credentials.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "access/edge_links.h"

namespace butai::access {
namespace {

using Kind = Credential::Kind;

bool same_without_case(std::string_view a, std::string_view b) {
  const auto folded = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, folded, folded);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The token of "Bearer TOKEN"; nothing for another scheme or an empty token.
std::optional<std::string_view> bearer_of(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  authorization = trimmed(authorization);
  if (!same_without_case(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  const std::string_view token = trimmed(authorization.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

void collect_subprotocols(std::string_view list, std::vector<Credential>& found) {
  constexpr std::string_view kPrefix = "bearer.";
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view word = trimmed(list.substr(0, end));
    if (word.starts_with(kPrefix)) {
      found.push_back({Kind::Bearer, std::string(word.substr(kPrefix.size()))});
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

bool is_upgrade(const net::Request& request) {
  const auto upgrade = request.headers.find("Upgrade");
  return upgrade && same_without_case(*upgrade, "websocket");
}

}  // namespace

std::expected<Credential, Refusal> find_credential(const net::Request& request) {
  std::vector<Credential> found;
  for (const auto& [name, value] : request.headers.all()) {
    if (same_without_case(name, "Authorization")) {
      const auto token = bearer_of(value);
      if (!token) return std::unexpected(Refusal::NotBearer);
      found.push_back({Kind::Bearer, std::string(*token)});
    } else if (same_without_case(name, "Sec-WebSocket-Protocol")) {
      collect_subprotocols(value, found);
    }
  }
  for (const auto& [name, value] : request.query) {
    if (name == "token" || name == "access_token") return std::unexpected(Refusal::TokenInQuery);
    if (name != "ticket") continue;
    if (!is_upgrade(request)) return std::unexpected(Refusal::TicketNotHere);
    found.push_back({Kind::Ticket, value});
  }
  // What a playlist names for a CDN goes with whatever its player sends everywhere.
  const bool beside = EdgeLinks::is_one(request.path_token) && !found.empty();
  if (!request.path_token.empty() && !beside) found.push_back({Kind::Play, request.path_token});

  if (found.empty()) return Credential{};
  const auto other = [&](const Credential& one) { return one != found.front(); };
  if (std::ranges::any_of(found, other)) return std::unexpected(Refusal::SeveralCredentials);
  return found.front();
}

}  // namespace butai::access
