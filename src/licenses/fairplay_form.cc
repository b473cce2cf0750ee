#include "licenses/fairplay_form.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "access/strict_json.h"
#include "drm/text.h"
#include "net/text.h"

namespace butai::licenses {
namespace {

std::optional<std::string> of_base64(std::string_view text) {
  const auto bytes = drm::from_base64(text);
  if (!bytes || bytes->empty()) return std::nullopt;
  return std::string(as_text(*bytes));
}

std::optional<std::string> of_json(std::string_view answer) {
  const auto object = access::parse_object(answer);
  const auto* ckc = object ? object->if_contains("ckc") : nullptr;
  const auto* text = ckc != nullptr ? ckc->if_string() : nullptr;
  if (text == nullptr) return std::nullopt;
  return of_base64({text->data(), text->size()});
}

}  // namespace

std::string_view name_of(FairPlayForm form) {
  return form == FairPlayForm::Form ? "form" : form == FairPlayForm::Json ? "json" : "raw";
}

WrappedSpc wrap_spc(FairPlayForm form, std::string_view spc, std::string_view asset) {
  const std::string text = drm::to_base64(as_bytes(spc));
  switch (form) {
    case FairPlayForm::Form: {
      std::string body = "spc=" + net::percent_encoded(text);
      if (!asset.empty()) body += "&assetId=" + net::percent_encoded(asset);
      return {std::move(body), "application/x-www-form-urlencoded"};
    }
    case FairPlayForm::Json: {
      boost::json::object object{{"spc", text}};
      if (!asset.empty()) object["assetId"] = asset;
      return {boost::json::serialize(object), "application/json"};
    }
    case FairPlayForm::Raw:
      break;
  }
  return {std::string(spc), "application/octet-stream"};
}

std::string unwrap_ckc(std::string_view answer) {
  constexpr std::string_view kOpen = "<ckc>", kClose = "</ckc>";
  if (answer.starts_with(kOpen)) {
    const auto end = answer.find(kClose);
    if (end != answer.npos) {
      if (auto ckc = of_base64(answer.substr(kOpen.size(), end - kOpen.size()))) return *ckc;
    }
  }
  if (answer.starts_with('{')) {
    if (auto ckc = of_json(answer)) return *ckc;
  }
  return of_base64(answer).value_or(std::string(answer));
}

}  // namespace butai::licenses
