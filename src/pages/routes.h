// The site: every page with its scripts, straight from the binary.
// Flow:   net::Router -> here -> SiteFile -> language and nonce filled in -> Response
// Thread: handlers run on any loop; they share only constants and the randomness.
// Limits: nothing is read from disk and nothing a visitor sends is kept.
// Spec:   RFC 9110 (Accept, Accept-Encoding, Accept-Language), CSP Level 3.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/route.h"

namespace butai::pages {

// What a link to an event shows where it is shared (Open Graph).
struct Preview {
  std::string title;
  std::string text;   // its first lines
  std::string image;  // a path of this server; empty: none
};

struct PagesOptions {
  Random& random;  // nonces
  // Port of the https listener as it is known when a page is asked for; 0: there is none, and pages
  // are served as they were asked for. A https public_url (Request::peer.origin) goes before it.
  std::function<std::uint16_t()> https_port = [] { return std::uint16_t{0}; };
  // The payment provider's script: its origin, and its frames, are allowed on the pay page alone.
  std::string pay_script = {};
  // Of the event that a page is about; nothing: there is none that everybody may know.
  std::function<std::optional<Preview>(std::string_view slug, std::string_view language)> preview =
      [](std::string_view, std::string_view) { return std::nullopt; };
};

// The hosts of others that a page may talk to, as its policy says it, and in what ways: "script frame".
std::vector<std::pair<std::string, std::string>> external_hosts(const PagesOptions& options);

// The pages, `/assets/{name*}`, `/favicon.svg`, `/favicon.ico`.
std::vector<net::Route> routes(PagesOptions options);

}  // namespace butai::pages
