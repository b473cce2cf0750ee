#include "keys/speke_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "drm/pssh.h"
#include "drm/text.h"

namespace butai::keys {
namespace {

using drm::TrackUse;

constexpr std::uint32_t kSdPixelsMax = 589'824;  // preset SD of SPEKE 2.0

std::string_view id_of(drm::RealSystem system) {
  switch (system) {
    case drm::RealSystem::Widevine:
      return drm::kWidevineSystem;
    case drm::RealSystem::PlayReady:
      return drm::kPlayReadySystem;
    case drm::RealSystem::FairPlay:
      break;
  }
  return drm::kFairPlaySystem;
}

std::string period_id(const drm::KeyPeriod& period) {
  return fmt::format("period_{}", period.index);
}

drm::CpixRule rule_of(const drm::ContentKey& key, const std::string& period) {
  drm::CpixRule rule{key.kid, std::string(name_of(key.use)), period, false, true, {}, {}};
  switch (key.use) {
    case TrackUse::Audio:
      rule.audio = true;
      rule.video = false;
      break;
    case TrackUse::Sd:
      rule.pixels_max = kSdPixelsMax;
      break;
    case TrackUse::Hd:
      rule.pixels_min = kSdPixelsMax + 1;
      break;
  }
  return rule;
}

// The answer's key for what was asked under `kid`.
const drm::CpixKey* key_of(const drm::Cpix& answer, const drm::ContentKey& asked) {
  const auto by_id = std::ranges::find(answer.keys, asked.kid, &drm::CpixKey::kid);
  if (by_id != answer.keys.end()) return &*by_id;
  const auto rule = std::ranges::find(answer.rules, name_of(asked.use), &drm::CpixRule::track_type);
  if (rule == answer.rules.end()) return nullptr;
  const auto replaced = std::ranges::find(answer.keys, rule->kid, &drm::CpixKey::kid);
  return replaced == answer.keys.end() ? nullptr : &*replaced;
}

// "#EXT-X-KEY:METHOD=…" -> "METHOD=…"; of several lines the first.
std::string attributes_of(const std::string& line) {
  const auto begin = line.find(':');
  if (!line.starts_with("#EXT-X-") || begin == std::string::npos) return {};
  return line.substr(begin + 1, line.find_first_of("\r\n") - begin - 1);
}

// What we ask for; a service may answer for more, but whose words those are nobody here knows.
bool is_known(std::string_view system_id) {
  constexpr std::array kKnown{drm::kWidevineSystem, drm::kPlayReadySystem, drm::kFairPlaySystem};
  return std::ranges::find(kKnown, system_id) != kKnown.end();
}

std::vector<media::KeySystemSignal> signals_of(const drm::Cpix& answer, const media::KeyId& kid) {
  drm::ContentKey key;
  key.kid = kid;
  auto out = drm::make_signals(key, media::Scheme::Cbcs, {});  // W3C common, for any scheme
  for (const drm::CpixSystem& system : answer.systems) {
    if (system.kid != kid || !is_known(system.system_id)) continue;
    media::KeySystemSignal signal{system.system_id, system.content_protection.value_or(""),
                                  attributes_of(system.hls_media.value_or(""))};
    if (signal.content_protection.empty() && system.pssh && !system.pssh->empty()) {
      signal.content_protection =
          fmt::format("<cenc:pssh xmlns:cenc=\"urn:mpeg:cenc:2013\">{}</cenc:pssh>", *system.pssh);
    }
    out.push_back(std::move(signal));
  }
  return out;
}

}  // namespace

drm::Cpix speke_request(const drm::KeyPeriod& period, const std::string& content_id,
                        const std::vector<drm::RealSystem>& systems) {
  drm::Cpix cpix;
  cpix.content_id = content_id;
  const bool cbcs = period.scheme == media::Scheme::Cbcs;
  cpix.periods.push_back({period_id(period), period.index});
  for (const drm::ContentKey& key : period.keys) {
    drm::CpixKey wanted;
    wanted.kid = key.kid;
    wanted.scheme = media::four_characters(period.scheme);
    // FairPlay hands the IV over with the key: both sides must use this one.
    if (cbcs) wanted.explicit_iv = key.constant_iv;
    cpix.keys.push_back(std::move(wanted));
    for (const drm::RealSystem system : systems) {
      const bool fair_play = system == drm::RealSystem::FairPlay;
      if (fair_play && !cbcs) continue;
      drm::CpixSystem asked{key.kid, std::string(id_of(system)), {}, {}, "", ""};
      if (!fair_play) asked.pssh = asked.content_protection = "";
      cpix.systems.push_back(std::move(asked));
    }
    cpix.rules.push_back(rule_of(key, period_id(period)));
  }
  return cpix;
}

drm::Cpix exported_keys(const drm::KeyPeriod& period, const std::string& content_id) {
  drm::Cpix cpix = speke_request(period, content_id, {});
  for (std::size_t i = 0; i < period.keys.size(); ++i) cpix.keys[i].key = period.keys[i].key;
  return cpix;
}

Expected<drm::KeyPeriod> read_answer(drm::KeyPeriod asked, const drm::Cpix& answer) {
  for (drm::ContentKey& key : asked.keys) {
    const drm::CpixKey* given = key_of(answer, key);
    if (given == nullptr || !given->key) {
      return problem(fmt::format("the key service gave no key for {} ({})", name_of(key.use),
                                 drm::to_uuid(key.kid)));
    }
    if (!given->scheme.empty() && given->scheme != media::four_characters(asked.scheme)) {
      return problem(fmt::format("the key service answered for {} instead of {}", given->scheme,
                                 media::four_characters(asked.scheme)));
    }
    key.kid = given->kid;
    key.key = *given->key;
    if (given->explicit_iv) key.constant_iv = *given->explicit_iv;
    key.signals = signals_of(answer, key.kid);
  }
  for (std::size_t i = 1; i < asked.keys.size(); ++i) {
    const auto same = [&](const drm::ContentKey& other) { return other.kid == asked.keys[i].kid; };
    if (std::any_of(asked.keys.begin(), asked.keys.begin() + static_cast<std::ptrdiff_t>(i),
                    same)) {
      return problem("the key service gave one key to several tracks");
    }
  }
  return asked;
}

}  // namespace butai::keys
