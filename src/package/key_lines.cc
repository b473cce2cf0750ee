#include "package/key_lines.h"

#include <fmt/format.h>

#include "base/markup.h"
#include "drm/pssh.h"
#include "drm/signalling.h"
#include "drm/text.h"

namespace butai::package {
namespace {

std::vector<std::string> hls_lines(const media::TrackProtection& protection,
                                   const std::vector<media::KeySystemSignal>& signals,
                                   KeyLines lines, std::string_view root) {
  if (lines == KeyLines::Identity) {
    return {drm::identity_attributes(
        protection, fmt::format("{}license/identity/{}", root, drm::to_hex(protection.kid)))};
  }
  if (lines == KeyLines::ClearKey) return {drm::clear_key_attributes(protection)};
  std::vector<std::string> out;
  for (const auto& signal : signals) {
    if (!signal.hls_key.empty()) out.push_back(signal.hls_key);
  }
  return out;
}

}  // namespace

std::optional<KeyLines> key_lines_named(std::string_view name) {
  for (const KeyLines lines : {KeyLines::Identity, KeyLines::ClearKey, KeyLines::Drm}) {
    if (name == name_of(lines)) return lines;
  }
  return std::nullopt;
}

std::string_view name_of(KeyLines lines) {
  switch (lines) {
    case KeyLines::Identity:
      return "identity";
    case KeyLines::ClearKey:
      return "clearkey";
    case KeyLines::Drm:
      break;
  }
  return "drm";
}

std::vector<std::string> hls_keys(const live::Rendition& rendition, KeyLines lines,
                                  std::string_view root) {
  if (!rendition.track.protection) return {};
  return hls_lines(*rendition.track.protection, rendition.signals, lines, root);
}

std::vector<std::string> hls_next_keys(const live::Rendition& rendition, KeyLines lines,
                                       std::string_view root) {
  if (!rendition.track.protection || !rendition.next_kid) return {};
  media::TrackProtection next = *rendition.track.protection;
  next.kid = *rendition.next_kid;
  return hls_lines(next, rendition.next_signals, lines, root);
}

std::vector<std::string> content_protection(const live::Rendition& rendition, KeyLines lines,
                                            std::string_view license) {
  if (!rendition.track.protection) return {};
  std::vector<std::string> out{
      fmt::format("<ContentProtection schemeIdUri=\"urn:mpeg:dash:mp4protection:2011\" value=\"{}\""
                  " cenc:default_KID=\"{}\"/>",
                  media::four_characters(rendition.track.protection->scheme),
                  drm::to_uuid(rendition.track.protection->kid))};
  if (lines != KeyLines::Drm) {
    out.push_back(fmt::format(
        "<ContentProtection schemeIdUri=\"urn:uuid:{}\" value=\"ClearKey1.0\">"
        "<dashif:Laurl xmlns:dashif=\"https://dashif.org/CPS\">{}/clearkey</dashif:Laurl>"
        "</ContentProtection>",
        drm::kClearKeySystem, markup_escaped(license)));
  }
  for (const auto& signal : rendition.signals) {
    const bool common = signal.system_id == drm::kCommonSystem;
    // Without content for DASH there is nothing that a player could use (FairPlay).
    if (signal.content_protection.empty() || (!common && lines != KeyLines::Drm)) continue;
    out.push_back(fmt::format(
        "<ContentProtection schemeIdUri=\"urn:uuid:{}\"{}>{}</ContentProtection>", signal.system_id,
        signal.system_id == drm::kPlayReadySystem ? " value=\"MSPR 2.0\"" : "",
        signal.content_protection));
  }
  return out;
}

}  // namespace butai::package
