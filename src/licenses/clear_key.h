// The ClearKey license format: which keys a player asks for, and the answer.
// Flow:   routes -> here
// Thread: pure functions, any.
// Limits: kClearKeyBytesMax, kClearKeyKidsMax.
// Spec:   W3C Encrypted Media Extensions (2017) clauses 9.1.3 and 9.1.4.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problem.h"
#include "drm/content_key.h"

namespace butai::licenses {

// {"kids":["base64url", …],"type":"temporary"}
Expected<std::vector<media::KeyId>> parse_clear_key_request(std::string_view body);
// {"keys":[{"kty":"oct","kid":…,"k":…}],"type":"temporary"}
std::string clear_key_answer(const std::vector<std::pair<media::KeyId, drm::KeyBytes>>& keys);

}  // namespace butai::licenses
