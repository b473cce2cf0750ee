#include "app/protection_checks.h"

#include <fmt/format.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "app/speke_settings.h"
#include "base/random.h"
#include "keys/vault.h"
#include "licenses/license_service.h"
#include "licenses/limits.h"
#include "licenses/service_token.h"
#include "net/loop.h"
#include "net/outgoing.h"
#include "store/database.h"
#include "store/files.h"

namespace butai::app {
namespace {

constexpr std::int64_t kSkewSeconds = 30;  // tokens and licenses of services bear about a minute

// A loop on a thread of its own, for what answers later.
class Waiting {
 public:
  Waiting() { loops_.start(); }
  template <class T>
  T for_answer(std::move_only_function<void(net::Loop&, std::move_only_function<void(T)>)> ask) {
    std::promise<T> promise;
    auto future = promise.get_future();
    loops_[0].post(
        [&] { ask(loops_[0], [&promise](T answer) { promise.set_value(std::move(answer)); }); });
    return future.get();
  }

 private:
  net::Loops loops_{1};
};

struct ProtectedChannel {
  std::string name;
  media::Scheme scheme;
};

// One of those that the configuration protects.
std::optional<ProtectedChannel> any_protected(const Config& config) {
  if (config.channel_defaults.protection) {
    return ProtectedChannel{"main", *config.channel_defaults.protection};
  }
  for (const auto& [name, channel] : config.channels) {
    if (channel.protection) return ProtectedChannel{name, *channel.protection};
  }
  return std::nullopt;
}

void check_services_exist(DoctorReport& report, const DrmConfig& drm) {
  const bool real = drm.any_real_system();
  report.line(real ? Verdict::Good : Verdict::Mind, "key systems",
              real ? "a license service is configured"
                   : "ClearKey only: it keeps honest people honest, and iPhones cannot play it; "
                     "set [drm.widevine], [drm.playready], [drm.fairplay]");
}

void check_certificate_of_fairplay(DoctorReport& report, const DrmConfig& drm) {
  if (drm.fairplay.license_url.empty()) return;
  if (drm.fairplay_certificate.empty()) {
    return report.line(Verdict::Bad, "fairplay", "it needs [drm.fairplay] certificate");
  }
  constexpr std::size_t kCertificateMax = 64 * 1024;  // bytes
  const auto der = store::read_file(drm.fairplay_certificate, kCertificateMax);
  if (!der) return report.line(Verdict::Bad, "fairplay", der.error().sentence);
  const auto* at = as_bytes(*der).data();
  const std::unique_ptr<X509, void (*)(X509*)> certificate(
      d2i_X509(nullptr, &at, static_cast<long>(der->size())), X509_free);
  if (!certificate) {
    return report.line(Verdict::Bad, "fairplay",
                       drm.fairplay_certificate + " is not a certificate in DER");
  }
  const bool over = X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0;
  report.line(over ? Verdict::Bad : Verdict::Good, "fairplay",
              drm.fairplay_certificate + (over ? " has expired" : " is valid"));
}

// How far the service's clock is from ours, where it says.
std::string skew_of(const net::OutgoingAnswer& answer, Verdict& verdict) {
  if (answer.date == 0) return {};
  const std::int64_t skew = answer.date - micros_of(SystemClock().utc()) / 1'000'000;
  if (std::abs(skew) <= kSkewSeconds) return {};
  verdict = Verdict::Bad;
  return fmt::format("; its clock is {} s from ours: set this machine's (timedatectl set-ntp true)",
                     skew);
}

// What a player would show to the service, where it knows its viewers by token.
class Shown {
 public:
  Shown(const licenses::ServiceTokens& tokens, std::string channel, std::vector<media::KeyId> kids)
      : tokens_(tokens), channel_(std::move(channel)), kids_(std::move(kids)) {}
  bool any() const { return tokens_.any(); }
  std::vector<std::string> headers(licenses::System system) const {
    std::vector<std::string> lines;
    for (const auto& [name, value] : tokens_.headers({system, "butai-doctor", channel_, kids_})) {
      lines.push_back(fmt::format("{}: {}", name, value));
    }
    return lines;
  }

 private:
  const licenses::ServiceTokens& tokens_;
  std::string channel_;
  std::vector<media::KeyId> kids_;
};

// A challenge that no service grants (Widevine's asks for the service's certificate): what matters is
// that the service is there, knows us, and has our time.
void check_license_service(DoctorReport& report, Waiting& waiting, net::Outgoing& outgoing,
                           licenses::System system, const DrmConfig& drm, const Shown& shown) {
  using licenses::System;
  const LicenseServiceConfig& config = system == System::Widevine    ? drm.widevine
                                       : system == System::PlayReady ? drm.playready
                                                                     : drm.fairplay;
  if (config.license_url.empty()) return;
  const std::string_view name = name_of(system);
  std::array<licenses::ServiceSettings, licenses::kSystems> settings;
  settings[static_cast<std::size_t>(system)] = {config.license_url, config.header,
                                                drm.fairplay_form};
  licenses::LicenseServices services(settings, outgoing);
  const auto answer = waiting.for_answer<Expected<net::OutgoingAnswer>>(
      [&](net::Loop& loop, std::move_only_function<void(Expected<net::OutgoingAnswer>)> done) {
        const bool xml = system == System::PlayReady;
        services.ask(system,
                     {std::string("\x08\x04", 2),
                      xml ? "text/xml; charset=utf-8" : "application/octet-stream", "", "",
                      shown.headers(system)},
                     loop, std::move(done));
      });
  if (!answer) {
    return report.line(Verdict::Bad, name,
                       fmt::format("{}: {}", config.license_url, answer.error().sentence));
  }
  const bool unknown = answer->status == 401 || answer->status == 403 || answer->status == 404;
  Verdict verdict = unknown ? Verdict::Mind : Verdict::Good;
  const std::string skew = skew_of(*answer, verdict);
  report.line(verdict, name,
              fmt::format("{} answers {}{}{}", config.license_url, answer->status,
                          !unknown      ? ""
                          : shown.any() ? "; look at the address and at [drm.token]"
                                        : "; look at the address and at header",
                          skew));
}

// Keys of a period that nobody uses, and that is destroyed again; a channel by this name has no viewers.
void check_key_service(DoctorReport& report, Waiting& waiting, net::Outgoing& outgoing,
                       store::Database& database, keys::Vault& vault, const DrmConfig& drm,
                       media::Scheme scheme) {
  const std::string nobodys = "butai-doctor";
  if (drm.speke.url.empty()) {
    return report.line(Verdict::Good, "key provider", "built in");
  }
  SystemRandom random;
  auto speke = keys::SpekeKeys::make(speke_settings(drm), vault, outgoing, random);
  if (!speke) return report.line(Verdict::Bad, "key provider", speke.error().sentence);
  const auto period = waiting.for_answer<Expected<drm::KeyPeriodPtr>>(
      [&](net::Loop& loop, std::move_only_function<void(Expected<drm::KeyPeriodPtr>)> done) {
        (*speke)->fetch({nobodys, scheme}, loop, std::move(done));
      });
  const auto gone = database.run_and_wait<std::size_t>(
      [&](store::Session& sql) { return vault.destroy(sql, nobodys).size(); });
  if (!gone) {
    report.line(Verdict::Mind, "vault", "keeps the keys that this check asked for; run it again");
  }
  report.line(period ? Verdict::Good : Verdict::Bad, "key provider",
              period ? fmt::format("{} gave {} keys", drm.speke.url, (*period)->keys.size())
                     : fmt::format("{}: {}", drm.speke.url, period.error().sentence));
}

}  // namespace

void check_protection(DoctorReport& report, const Config& config, const std::string& data) {
  const auto channel = any_protected(config);
  if (!channel) return;
  const DrmConfig& drm = config.drm;
  SystemRandom random;
  const SystemClock clock;
  auto master = keys::load_master_key(
      {.text = drm.master_key, .file = drm.master_key_file, .data_folder = data}, random);
  if (!master) return report.line(Verdict::Bad, "master key", master.error().sentence);
  const bool beside = drm.master_key.empty() && drm.master_key_file.empty();
  report.line(beside ? Verdict::Mind : Verdict::Good, "master key",
              beside ? data +
                           "/keys/master lies beside the database that it protects; set "
                           "BUTAI_DRM_MASTER_KEY or [drm] master_key_file"
                     : "configured");
  auto database = store::Database::open(config.database(data));
  if (!database) return;  // said already
  keys::Vault vault(**database, *master, clock, random);
  const auto closed = vault.open();
  report.line(closed && *closed == 0 ? Verdict::Good : Verdict::Bad, "vault",
              !closed        ? closed.error().sentence
              : *closed == 0 ? "every key in it can be opened"
                             : fmt::format("{} keys were wrapped by another master key", *closed));
  check_services_exist(report, drm);
  const auto tokens = licenses::ServiceTokens::make(drm.token, clock, random);
  if (!tokens) return report.line(Verdict::Bad, "license tokens", tokens.error().sentence);
  const Shown shown(*tokens, channel->name,
                    vault.newest_kids(channel->name, licenses::kTokenKidsMax));
  Waiting waiting;
  net::Outgoing outgoing;  // dies first: it posts to `waiting`
  check_key_service(report, waiting, outgoing, **database, vault, drm, channel->scheme);
  using licenses::System;
  for (const System system : {System::Widevine, System::PlayReady, System::FairPlay}) {
    check_license_service(report, waiting, outgoing, system, drm, shown);
  }
  check_certificate_of_fairplay(report, drm);
}

}  // namespace butai::app
