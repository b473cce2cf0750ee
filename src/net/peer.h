// Who asks, behind which proxies: forwarding fields are believed only from configured addresses.
// Flow:   socket address + head -> PeerPolicy -> Request::peer
// Thread: immutable; one for all loops, replaced whole by Server::reconfigure.
// Spec:   RFC 7239 (Forwarded) and the X-Forwarded-* custom. The viewer is the right-most hop that
//         is not a trusted proxy: everything left of it could be forged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "net/address.h"
#include "net/http.h"

namespace butai::net {

class PeerPolicy {
 public:
  // Fails with a sentence that names the entry which is no address and no range.
  static Expected<PeerPolicy> make(const std::vector<std::string>& trusted_proxies,
                                   std::string public_url);

  bool trusts(const Address& address) const;
  // `host`: the checked Host field; `scheme` how the bytes came: "https" or "http".
  Peer resolve(const Address& socket, std::string_view scheme, std::string_view host,
               const Headers& headers) const;

 private:
  std::vector<AddressRange> trusted_;
  std::string public_url_;
};

}  // namespace butai::net
