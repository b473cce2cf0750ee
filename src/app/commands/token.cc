#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <iterator>

#include "access/scopes.h"
#include "access/secret.h"
#include "access/token_minter.h"
#include "access/token_verifier.h"
#include "app/commands.h"
#include "app/config.h"
#include "app/fail.h"

namespace butai::app {
namespace {

// The key that this configuration and data folder mean; both commands stand on it.
struct Keys {
  Config config;
  SystemClock clock;
  SystemRandom random;
  std::unique_ptr<access::Secret> secret;
  access::VerifierRules rules;
};

Expected<std::unique_ptr<Keys>> open_keys(const Place& place) {
  auto config = load_config(place.config, environment_of_this_process());
  if (!config) return std::unexpected(config.error());
  auto keys = std::make_unique<Keys>();
  keys->config = std::move(*config);
  auto secret = access::load_secret(keys->config.auth.secret,
                                    place.data.empty() ? "data" : place.data, keys->random);
  if (!secret) return std::unexpected(secret.error());
  keys->secret = std::make_unique<access::Secret>(std::move(*secret));
  keys->rules.audience = keys->config.auth.audience;
  keys->rules.issuer = keys->config.auth.issuer;
  return keys;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

int token_mint(const MintOptions& options) {
  auto keys = open_keys(options.place);
  if (!keys) return fail(keys.error().sentence);
  const access::TokenMinter minter(*(*keys)->secret, (*keys)->clock, (*keys)->random,
                                   (*keys)->rules);
  std::vector<std::string> words;
  for (std::size_t at = 0; at < options.scope.size();) {
    const auto space = std::min(options.scope.find(' ', at), options.scope.size());
    if (space > at) words.push_back(options.scope.substr(at, space - at));
    at = space + 1;
  }
  const auto token = minter.mint(options.subject, words, Seconds{options.ttl_seconds});
  if (!token) return fail(token.error().sentence);
  if ((*keys)->secret->weak()) {
    std::cerr << "butai: this secret is weak; such a token is accepted from this machine only\n";
  }
  std::cout << *token << '\n';
  return 0;
}

int token_inspect(const Place& place, const std::string& text) {
  std::string token = text;
  if (text == "-") token = {std::istreambuf_iterator<char>(std::cin), {}};
  token = trimmed(std::move(token));
  const auto inside = access::inspect(token);
  if (!inside) return fail(inside.error().sentence);
  std::cout << inside->header << '\n' << inside->claims << '\n';
  auto keys = open_keys(place);
  if (!keys) return fail(keys.error().sentence);
  const access::KeyRing ring(access::key_of(*(*keys)->secret));
  const access::TokenVerifier verifier(ring, (*keys)->clock, (*keys)->rules);
  const auto verified = verifier.verify(token);
  if (!verified)
    return fail(fmt::format("not accepted here: {}", access::sentence(verified.error())));
  std::cout << "accepted here\n";
  return 0;
}

}  // namespace butai::app
