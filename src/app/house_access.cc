// Who may: the half of the house that knows secrets, accounts and plays.
#include "access/accounts.h"
#include "app/house.h"
#include "base/log.h"

namespace butai::app {

Expected<void> House::build_access() {
  const auto config = config_.get();
  auto database = store::Database::open(config->database(options_.data));
  if (!database) return std::unexpected(database.error());
  database_ = std::move(*database);

  auto secret = access::load_secret(config->auth.secret, options_.data, random_);
  if (!secret) return std::unexpected(secret.error());
  secret_ = std::make_unique<access::Secret>(std::move(*secret));
  record_key_ = std::make_unique<access::RecordKey>(*secret_);
  if (secret_->weak()) {
    log::warning(
        "the secret is short or well known; its tokens are accepted from this machine only");
  }

  const access::VerifierRules rules{.audience = config->auth.audience,
                                    .issuer = config->auth.issuer};
  std::optional<access::Secret> before;
  if (!config->auth.previous_secret.empty()) before.emplace(config->auth.previous_secret);
  const access::Secret* previous = before ? &*before : nullptr;
  key_ring_ = std::make_unique<access::KeyRing>(access::key_of(*secret_, previous));
  const std::string source =
      config->auth.jwks_url.empty() ? config->auth.jwks_file : config->auth.jwks_url;
  if (!source.empty()) {
    if (rules.issuer.empty()) {
      return problem(
          "[auth] jwks_url and jwks_file need [auth] issuer: the iss that tokens must carry");
    }
    auto jwks = access::Jwks::start(source, *key_ring_, clock_, metrics_);
    if (!jwks) return std::unexpected(jwks.error());
    jwks_ = std::move(*jwks);
  }
  verifier_ = std::make_unique<access::TokenVerifier>(*key_ring_, clock_, rules);
  minter_ = std::make_unique<access::TokenMinter>(*secret_, clock_, random_, rules);
  plays_ = std::make_unique<access::Plays>(*secret_, clock_, random_, previous);
  ended_plays_ = std::make_unique<access::EndedPlays>(*database_, *plays_, clock_, loops_[0]);
  if (!ended_plays_->load()) return problem(std::string(sentence(store::Failure::Broken)));
  tickets_ = std::make_unique<access::Tickets>(*secret_, clock_, random_);
  gatekeeper_ = std::make_unique<access::ScopeGatekeeper>(config_);
  guard_ = std::make_unique<access::AccessGuard>(*verifier_, *plays_, *tickets_, *gatekeeper_,
                                                 *secret_, metrics_);
  edges_ = access::EdgeLinks(config->cdn.key, config->cdn.previous_key);
  guard_->know(edges_, clock_);
  passwords_ =
      std::make_unique<access::Passwords>(config->auth.password_percent / 100.0, &metrics_);
  accounts_ =
      std::make_unique<access::Accounts>(*database_, *passwords_, clock_, random_, &metrics_);
  publish_keys_ = std::make_unique<access::PublishKeys>(*database_, clock_, random_);
  has_accounts_ = accounts_->count().value_or(0) > 0;
  return {};
}

}  // namespace butai::app
