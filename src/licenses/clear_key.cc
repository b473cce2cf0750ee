#include "licenses/clear_key.h"

#include <algorithm>
#include <boost/json.hpp>

#include "access/strict_json.h"
#include "drm/text.h"
#include "licenses/limits.h"

namespace butai::licenses {

Expected<std::vector<media::KeyId>> parse_clear_key_request(std::string_view body) {
  constexpr std::string_view kForm =
      "a ClearKey request is {\"kids\":[\"KID in base64url\"],\"type\":\"temporary\"}";
  if (body.size() > kClearKeyBytesMax) return problem("a ClearKey request has at most 16 KiB");
  const auto object = access::parse_object(body);
  const auto* kids = object ? object->if_contains("kids") : nullptr;
  if (kids == nullptr || !kids->is_array() || kids->get_array().empty()) {
    return problem(std::string(kForm));
  }
  if (kids->get_array().size() > kClearKeyKidsMax) {
    return problem("a ClearKey request asks for at most 64 keys");
  }
  std::vector<media::KeyId> out;
  for (const auto& value : kids->get_array()) {
    const auto* text = value.if_string();
    const auto bytes =
        text != nullptr ? drm::from_base64url({text->data(), text->size()}) : std::nullopt;
    media::KeyId kid{};
    if (!bytes || bytes->size() != kid.size()) return problem(std::string(kForm));
    std::ranges::copy(*bytes, kid.begin());
    out.push_back(kid);
  }
  return out;
}

std::string clear_key_answer(const std::vector<std::pair<media::KeyId, drm::KeyBytes>>& keys) {
  std::string out = R"({"keys":[)";
  for (const auto& [kid, key] : keys) {
    if (!out.ends_with('[')) out += ',';
    out += R"({"kty":"oct","kid":")" + drm::to_base64url(kid) + R"(","k":")" +
           drm::to_base64url(key.view()) + R"("})";
  }
  return out + R"(],"type":"temporary"})";
}

}  // namespace butai::licenses
