// The license services of real key systems, as a proxy sees them: bytes go out with the service's
// credential, bytes come back; neither is read. Only a raw SPC is put into the form that the FairPlay
// service wants, and its CKC taken out of it.
// Flow:   routes -> LicenseServices -> net::Outgoing -> service
// Thread: ask() from any loop; the answer is posted to it.
// Limits: kChallengeMax, kAnswerMax; net/outgoing.h for time.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "licenses/fairplay_form.h"
#include "licenses/system.h"
#include "net/outgoing.h"

namespace butai::licenses {

struct ServiceSettings {
  std::string url;                        // empty: this system is not configured
  std::string header;                     // "Name: value" that the service wants; may be empty
  FairPlayForm form = FairPlayForm::Raw;  // of FairPlay
};

struct Challenge {
  std::string body;
  std::string content_type, soap_action;  // as the player sent them; may be empty
  std::string asset;                      // FairPlay: what the form names, if it is known
  std::vector<std::string> headers = {};  // "Name: value" of this viewer's token
};

class LicenseServices {
 public:
  LicenseServices(std::array<ServiceSettings, kSystems> settings, net::Outgoing& outgoing)
      : settings_(std::move(settings)), outgoing_(outgoing) {}

  const ServiceSettings& of(System system) const {
    return settings_[static_cast<std::size_t>(system)];
  }
  bool has(System system) const { return !of(system).url.empty(); }
  // Passes the challenge on as it is.
  void ask(System system, Challenge challenge, Executor& home,
           std::move_only_function<void(Expected<net::OutgoingAnswer>)> done);

 private:
  std::array<ServiceSettings, kSystems> settings_;
  net::Outgoing& outgoing_;
};

}  // namespace butai::licenses
