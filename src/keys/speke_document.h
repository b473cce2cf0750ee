// What is said to a key service, and what its answer means: SPEKE 2.0 over CPIX 2.3.
//   speke_request   our key ids, one per use, empty; the key systems whose signals are wanted
//   exported_keys   a period with its keys in clear, for another encryptor
//   read_answer     the same document with values: keys, IVs, signals
// A service may replace a key id (SPEKE 2.0, "KID override"): its keys are then matched by usage rule.
// 2.1 is one step away: CPIX 2.4 adds times to the period.
// Flow:   SpekeKeys -> here -> SpekeKeys
// Thread: pure functions, any.
// Spec:   AWS SPEKE API 2.0; presets of intendedTrackType.
#pragma once

#include <string>
#include <vector>

#include "base/problem.h"
#include "drm/content_key.h"
#include "drm/cpix.h"
#include "drm/signalling.h"

namespace butai::keys {

// `period.keys` have ids and IVs; their key bytes are not looked at.
drm::Cpix speke_request(const drm::KeyPeriod& period, const std::string& content_id,
                        const std::vector<drm::RealSystem>& systems);

drm::Cpix exported_keys(const drm::KeyPeriod& period, const std::string& content_id);

// The period with the answer's keys and signals. Refuses an answer that leaves a key out, is for
// another scheme, or names a key twice. Keys must be open (drm::open_keys).
Expected<drm::KeyPeriod> read_answer(drm::KeyPeriod asked, const drm::Cpix& answer);

}  // namespace butai::keys
