// Letters and who signs in with what: the half of the house that knows mail servers and identity providers.
#include <fmt/format.h>

#include "access/oidc/sign_in.h"
#include "app/house.h"
#include "net/url.h"

namespace butai::app {

// Links in letters lead here, whatever a request's Host field said.
std::string House::site() const {
  const auto config = config_.get();
  if (!config->server.public_url.empty()) return config->server.public_url;
  return fmt::format("http://localhost:{}", http_port_.load(std::memory_order_relaxed));
}

Expected<void> House::build_sign_in() {
  const auto config = config_.get();
  std::optional<access::Secret> before;
  if (!config->auth.previous_secret.empty()) before.emplace(config->auth.previous_secret);
  proofs_ = std::make_unique<access::Proofs>(*secret_, random_);
  recovery_ =
      std::make_unique<access::Recovery>(*database_, *passwords_, *sessions_, *proofs_, clock_);
  factors_ = std::make_unique<access::SecondFactors>(*database_, *secret_, clock_, random_,
                                                     before ? &*before : nullptr);
  accounts_->greet_with([this](store::Session& session, const access::Account& account) {
    store::Sql sql(session);
    recovery_->write_verification(sql, account.id, *account.email);
  });
  sign_ins_ = std::make_unique<access::oidc::SignIns>(
      config->sign_ins,
      access::oidc::SignInParts{.database = *database_,
                                .sessions = *sessions_,
                                .outgoing = *outgoing_,
                                .secret = *secret_,
                                .clock = clock_,
                                .random = random_,
                                .greet = [this](store::Sql& sql, const access::Account& account) {
                                  recovery_->write_verification(sql, account.id, *account.email);
                                }});
  return {};
}

Expected<void> House::build_mail() {
  const MailConfig wanted = config_.get()->mail;
  std::unique_ptr<mail::Carrier> carrier;
  if (!wanted.smtp.empty()) {
    carrier = mail::smtp_carrier({.url = wanted.smtp, .ca_file = wanted.ca});
  } else {
    auto folder =
        mail::folder_carrier(wanted.directory.empty() ? options_.data + "/mail" : wanted.directory);
    if (!folder) return std::unexpected(folder.error());
    carrier = std::move(*folder);
  }
  const auto url = net::Url::parse(config_.get()->server.public_url);
  const std::string own = "Butai <butai@" + (url ? url->host : "localhost") + ">";
  const auto from = mail::parse_sender(wanted.from.empty() ? own : wanted.from);
  if (!from) return problem("[mail] from: set it, e.g. \"Butai <tickets@example.org>\"");
  post_office_ = std::make_unique<mail::PostOffice>(
      *database_, std::move(carrier),
      mail::Desk{.from = *from,
                 .site = [this] { return site(); },
                 .seal = [this](std::string_view id) { return proofs_->sealed(id); }},
      clock_, metrics_);
  return {};
}

}  // namespace butai::app
