#include "licenses/license_service.h"

#include <utility>

#include "licenses/limits.h"

namespace butai::licenses {

std::string_view name_of(System system) {
  switch (system) {
    case System::Widevine:
      return "widevine";
    case System::PlayReady:
      return "playready";
    case System::FairPlay:
      break;
  }
  return "fairplay";
}

void LicenseServices::ask(System system, Challenge challenge, Executor& home,
                          std::move_only_function<void(Expected<net::OutgoingAnswer>)> done) {
  const ServiceSettings& service = settings_[static_cast<std::size_t>(system)];
  net::OutgoingRequest request;
  request.url = service.url;
  request.body = std::move(challenge.body);
  request.answer_bytes_max = kAnswerMax;
  // An empty value keeps libcurl from inventing a type that the player did not send.
  request.headers.push_back("Content-Type: " + challenge.content_type);
  if (!challenge.soap_action.empty()) {
    request.headers.push_back("SOAPAction: " + challenge.soap_action);
  }
  if (!service.header.empty()) request.headers.push_back(service.header);
  outgoing_.send(std::move(request), home, std::move(done));
}

}  // namespace butai::licenses
