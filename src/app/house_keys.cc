// Keys and licenses: the half of the house that protected channels need.
#include "app/house.h"
#include "app/speke_settings.h"
#include "base/log.h"
#include "keys/built_in.h"
#include "keys/speke.h"
#include "store/files.h"

namespace butai::app {
namespace {

constexpr std::size_t kCertificateMax = 64 * 1024;  // bytes; FairPlay's has about 1 KiB

std::vector<drm::RealSystem> systems_of(const DrmConfig& config) {
  std::vector<drm::RealSystem> systems;
  if (!config.widevine.license_url.empty()) systems.push_back(drm::RealSystem::Widevine);
  if (!config.playready.license_url.empty()) systems.push_back(drm::RealSystem::PlayReady);
  if (!config.fairplay.license_url.empty()) systems.push_back(drm::RealSystem::FairPlay);
  return systems;
}

}  // namespace

keys::SpekeSettings speke_settings(const DrmConfig& config) {
  using Auth = net::OutgoingRequest::Auth;
  const SpekeConfig& speke = config.speke;
  keys::SpekeSettings settings;
  settings.url = speke.url;
  settings.auth = speke.auth == SpekeConfig::Auth::Basic    ? Auth::Basic
                  : speke.auth == SpekeConfig::Auth::Digest ? Auth::Digest
                                                            : Auth::None;
  settings.user = speke.user;
  settings.password = speke.password;
  settings.header = speke.header;
  settings.ca_file = speke.ca;
  settings.certificate = speke.certificate;
  settings.private_key = speke.private_key;
  settings.content_id = speke.content_id;
  settings.systems = systems_of(config);
  return settings;
}

Expected<void> House::build_keys() {
  const auto config = config_.get();
  const DrmConfig& drm = config->drm;
  auto master = keys::load_master_key(
      {.text = drm.master_key, .file = drm.master_key_file, .data_folder = options_.data}, random_);
  if (!master) return std::unexpected(master.error());
  vault_ = std::make_unique<keys::Vault>(*database_, std::move(*master), clock_, random_);
  const auto closed = vault_->open();
  if (!closed) return std::unexpected(closed.error());
  if (*closed > 0) {
    log::warning("some content keys were wrapped by another master key and cannot be used",
                 {{"keys", *closed}});
  }
  outgoing_ = std::make_unique<net::Outgoing>();
  if (drm.speke.url.empty()) {
    key_provider_ = std::make_unique<keys::BuiltInKeys>(*vault_, random_, systems_of(drm));
  } else {
    auto speke = keys::SpekeKeys::make(speke_settings(drm), *vault_, *outgoing_, random_);
    if (!speke) return std::unexpected(speke.error());
    key_provider_ = std::move(*speke);
  }
  const auto service = [](const LicenseServiceConfig& one) {
    return licenses::ServiceSettings{one.license_url, one.header, licenses::FairPlayForm::Raw};
  };
  std::array services{service(drm.widevine), service(drm.playready), service(drm.fairplay)};
  services.back().form = drm.fairplay_form;
  auto tokens = licenses::ServiceTokens::make(drm.token, clock_, random_);
  if (!tokens) return std::unexpected(tokens.error());
  service_tokens_ = std::make_unique<licenses::ServiceTokens>(std::move(*tokens));
  license_services_ = std::make_unique<licenses::LicenseServices>(std::move(services), *outgoing_);
  if (!drm.fairplay_certificate.empty()) {
    auto certificate = store::read_file(drm.fairplay_certificate, kCertificateMax);
    if (!certificate) return std::unexpected(certificate.error());
    fairplay_certificate_ = std::move(*certificate);
  }
  return {};
}

}  // namespace butai::app
