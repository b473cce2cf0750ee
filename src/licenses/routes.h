// What licenses/ answers over HTTP, each with the right in the path (/t/TOKEN/license/…) or a bearer:
//   POST /license/clearkey               the keys of the asked ids (W3C ClearKey)
//   GET  /license/identity/{kid}         the 16 bytes themselves
//   POST /license/widevine, playready, fairplay   the challenge, passed on to the license service
//   GET  /license/SYSTEM/token           the service's own address, and the headers that it wants to see
//   GET  /license/fairplay/certificate   the application certificate
// Every license asks the gatekeeper anew: may this viewer play the channel that this key belongs to?
// Flow:   player -> here -> Gatekeeper, keys::Vault | license service -> player
// Thread: built at start; handlers run on the loop of their connection.
// Limits: licenses/limits.h.
// Spec:   DESIGN decision 6 (heartbeats); DASH-IF IOP 5 part 6 (problem types).
#pragma once

#include <atomic>  // every loop gives licenses, the API tells how many
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "access/gatekeeper.h"
#include "access/guard.h"
#include "access/plays.h"
#include "base/metrics.h"
#include "keys/vault.h"
#include "licenses/license_service.h"
#include "licenses/service_token.h"
#include "net/route.h"

namespace butai::licenses {

// Licenses given since the start, for whoever pays for them; those of test plays apart.
struct Counts {
  std::atomic<std::uint64_t> plays{0}, tests{0};
};

// All must outlive the routes.
struct Ports {
  access::AccessGuard& guard;
  const access::Gatekeeper& gatekeeper;
  access::Plays& plays;
  const keys::Vault& vault;
  Metrics& metrics;
  Counts& counts;
  LicenseServices& services;
  const ServiceTokens& tokens;
  std::string fairplay_certificate;  // DER; empty: none is configured
};

std::vector<net::Route> routes(Ports ports);

}  // namespace butai::licenses
