#include "drm/signalling.h"

#include <fmt/format.h>

#include "drm/play_ready.h"
#include "drm/pssh.h"
#include "drm/text.h"

namespace butai::drm {
namespace {

std::string pssh_element(const Bytes& pssh) {
  return fmt::format("<cenc:pssh xmlns:cenc=\"urn:mpeg:cenc:2013\">{}</cenc:pssh>",
                     to_base64(pssh));
}

media::KeySystemSignal widevine(const ContentKey& key, media::Scheme scheme) {
  const Bytes pssh = widevine_pssh({&key.kid, 1}, scheme);
  return {std::string(kWidevineSystem), pssh_element(pssh),
          fmt::format("METHOD={},URI=\"data:text/plain;base64,{}\",KEYID=0x{},"
                      "KEYFORMAT=\"urn:uuid:{}\",KEYFORMATVERSIONS=\"1\"",
                      hls_method(scheme), to_base64(pssh), to_hex(key.kid), kWidevineSystem)};
}

media::KeySystemSignal play_ready(const ContentKey& key, media::Scheme scheme) {
  const std::string object = to_base64(play_ready_object(key, scheme));
  return {std::string(kPlayReadySystem),
          fmt::format("{}<mspr:pro xmlns:mspr=\"urn:microsoft:playready\">{}</mspr:pro>",
                      pssh_element(play_ready_pssh(key, scheme)), object),
          fmt::format("METHOD={},URI=\"data:text/plain;charset=UTF-16;base64,{}\","
                      "KEYFORMAT=\"com.microsoft.playready\",KEYFORMATVERSIONS=\"1\"",
                      hls_method(scheme), object)};
}

media::KeySystemSignal fair_play(const ContentKey& key) {
  return {std::string(kFairPlaySystem), "",
          fmt::format("METHOD=SAMPLE-AES,URI=\"skd://{}\","
                      "KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"",
                      to_uuid(key.kid))};
}

}  // namespace

std::string_view hls_method(media::Scheme scheme) {
  return scheme == media::Scheme::Cbcs ? "SAMPLE-AES" : "SAMPLE-AES-CTR";
}

std::vector<media::KeySystemSignal> make_signals(const ContentKey& key, media::Scheme scheme,
                                                 const std::vector<RealSystem>& wanted) {
  std::vector<media::KeySystemSignal> signals{
      {std::string(kCommonSystem), pssh_element(common_pssh({&key.kid, 1})), ""}};
  for (const RealSystem system : wanted) {
    if (system == RealSystem::Widevine) signals.push_back(widevine(key, scheme));
    if (system == RealSystem::PlayReady) signals.push_back(play_ready(key, scheme));
    if (system == RealSystem::FairPlay && scheme == media::Scheme::Cbcs) {
      signals.push_back(fair_play(key));
    }
  }
  return signals;
}

std::string clear_key_attributes(const media::TrackProtection& protection) {
  return fmt::format(
      "METHOD={},URI=\"data:text/plain;base64,{}\",KEYFORMAT=\"org.w3.clearkey\","
      "KEYFORMATVERSIONS=\"1\"",
      hls_method(protection.scheme), to_base64(protection.kid));
}

std::string identity_attributes(const media::TrackProtection& protection,
                                std::string_view address) {
  return fmt::format("METHOD={},URI=\"{}\",KEYFORMAT=\"identity\"", hls_method(protection.scheme),
                     address);
}

}  // namespace butai::drm
