#include "net/peer.h"

#include <fmt/format.h>

#include <optional>

#include "net/target.h"
#include "net/text.h"

namespace butai::net {

namespace {

// One proxy's word about the hop before it.
struct Hop {
  std::string_view node;
  std::string_view scheme;
  std::string_view host;
};

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  return text;
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", "2001:db8::1"
std::optional<Address> node_address(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return Address::parse(node.substr(1, end - 1));
  }
  if (const auto plain = Address::parse(node)) return plain;
  return Address::parse(node.substr(0, node.rfind(':')));
}

Hop forwarded_hop(std::string_view element) {
  Hop hop;
  for (const std::string_view pair : list_members(element, ';')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = trimmed(pair.substr(0, equals));
    const std::string_view value = unquoted(trimmed(pair.substr(equals + 1)));
    if (equal_without_case(name, "for")) hop.node = value;
    if (equal_without_case(name, "proto")) hop.scheme = value;
    if (equal_without_case(name, "host")) hop.host = value;
  }
  return hop;
}

// Every field of that name is one list, in order.
std::string joined(const Headers& headers, std::string_view name) {
  std::string all;
  for (const auto& [field, value] : headers.all()) {
    if (equal_without_case(field, name)) all.append(all.empty() ? "" : ",").append(value);
  }
  return all;
}

std::string_view last_of(const std::vector<std::string_view>& list) {
  return list.empty() ? std::string_view{} : list.back();
}

}  // namespace

Expected<PeerPolicy> PeerPolicy::make(const std::vector<std::string>& trusted_proxies,
                                      std::string public_url) {
  PeerPolicy policy;
  for (const std::string& entry : trusted_proxies) {
    const auto range = AddressRange::parse(trimmed(entry));
    if (!range) {
      return problem(fmt::format(
          "trusted_proxies: \"{}\" is neither an address nor a range like 10.0.0.0/8", entry));
    }
    policy.trusted_.push_back(*range);
  }
  while (public_url.ends_with('/')) public_url.pop_back();
  policy.public_url_ = std::move(public_url);
  return policy;
}

bool PeerPolicy::trusts(const Address& address) const {
  for (const AddressRange& range : trusted_) {
    if (range.has(address)) return true;
  }
  return false;
}

Peer PeerPolicy::resolve(const Address& socket, std::string_view scheme, std::string_view host,
                         const Headers& headers) const {
  const std::string forwarded = joined(headers, "Forwarded");
  const std::string forwarded_for = joined(headers, "X-Forwarded-For");
  const bool claims = !forwarded.empty() || !forwarded_for.empty();
  Address viewer = socket;
  std::string seen_scheme(scheme);
  std::string seen_host(host);
  const auto believe = [&](std::string_view said_scheme, std::string_view said_host) {
    if (equal_without_case(said_scheme, "https") || equal_without_case(said_scheme, "wss")) {
      seen_scheme = "https";
    } else if (equal_without_case(said_scheme, "http") || equal_without_case(said_scheme, "ws")) {
      seen_scheme = "http";
    }
    if (is_host(said_host)) seen_host = said_host;
  };

  if (trusts(socket)) {
    // A proxy that writes X-Forwarded-For may pass on a Forwarded that the viewer made up.
    if (forwarded_for.empty() && !forwarded.empty()) {
      const auto elements = list_members(forwarded);
      for (auto element = elements.rbegin(); element != elements.rend() && trusts(viewer);
           ++element) {
        const Hop hop = forwarded_hop(*element);
        believe(hop.scheme, hop.host);
        const auto address = node_address(hop.node);
        if (!address) break;
        viewer = *address;
      }
    } else {
      const auto hops = list_members(forwarded_for);
      for (auto hop = hops.rbegin(); hop != hops.rend() && trusts(viewer); ++hop) {
        const auto address = node_address(*hop);
        if (!address) break;
        viewer = *address;
      }
      const std::string schemes = joined(headers, "X-Forwarded-Proto");
      const std::string hosts = joined(headers, "X-Forwarded-Host");
      believe(last_of(list_members(schemes)), last_of(list_members(hosts)));
    }
  }

  Peer peer;
  peer.address = viewer.text();
  peer.limit_key = viewer.is_v4() ? peer.address : viewer.limit_key();
  // A claim nobody vouches for may hide a proxy on this machine: then it is not "from here".
  peer.loopback = viewer.loopback() && (!claims || trusts(socket));
  peer.secure = seen_scheme == "https";
  peer.origin = public_url_.empty() ? seen_scheme + "://" + seen_host : public_url_;
  return peer;
}

}  // namespace butai::net
