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
  const ServiceSettings& service = of(system);
  const bool wraps = system == System::FairPlay && service.form != FairPlayForm::Raw &&
                     challenge.content_type == "application/octet-stream";
  if (wraps) {
    auto wrapped = wrap_spc(service.form, challenge.body, challenge.asset);
    challenge.body = std::move(wrapped.body);
    challenge.content_type = std::move(wrapped.content_type);
    done = [done = std::move(done)](Expected<net::OutgoingAnswer> answer) mutable {
      if (answer && answer->status < 300) {
        answer->body = unwrap_ckc(answer->body);
        answer->content_type = "application/octet-stream";
      }
      done(std::move(answer));
    };
  }
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
  for (std::string& header : challenge.headers) request.headers.push_back(std::move(header));
  outgoing_.send(std::move(request), home, std::move(done));
}

}  // namespace butai::licenses
