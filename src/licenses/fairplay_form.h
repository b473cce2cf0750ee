// How a FairPlay service wants the player's SPC, and how its CKC is found in what it answers. Players
// of ours send and take raw bytes; services differ.
// Flow:   routes -> wrap_spc -> LicenseServices -> unwrap_ckc -> player
// Thread: pure functions, any.
// Limits: kChallengeMax, kAnswerMax of the caller.
// Spec:   none; what services document: raw bytes, a form (spc=…&assetId=…), JSON; CKC raw, in base64,
//         as <ckc>…</ckc>, or as {"ckc":"…"}.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace butai::licenses {

enum class FairPlayForm : std::uint8_t { Raw, Form, Json };
std::string_view name_of(FairPlayForm form);  // raw, form, json

struct WrappedSpc {
  std::string body, content_type;
};
// `asset` may be empty: then it is not said.
WrappedSpc wrap_spc(FairPlayForm form, std::string_view spc, std::string_view asset);

// The CKC's bytes. What is in none of the forms is taken for raw bytes.
std::string unwrap_ckc(std::string_view answer);

}  // namespace butai::licenses
