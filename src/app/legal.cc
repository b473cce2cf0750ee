#include "app/legal.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "store/files.h"

namespace butai::app {
namespace {

namespace json = boost::json;

constexpr std::size_t kDocumentMax = 256 * 1024;  // bytes
constexpr std::string_view kText = "text";
constexpr std::string_view kDocument = "the path of a text file, or an https address";

constexpr LegalKey kKeys[] = {
    {"legal", "seller", kText, true},
    {"legal", "seller_en", kText},
    {"legal", "representative", kText, true},
    {"legal", "representative_en", kText},
    {"legal", "address", kText, true},
    {"legal", "address_en", kText},
    {"legal", "phone", kText, true},
    {"legal", "phone_en", kText},
    {"legal", "email", kText, true},
    {"legal", "email_en", kText},
    {"legal", "extra_costs", kText, true},
    {"legal", "extra_costs_en", kText},
    {"legal", "cancellation", kText, true},
    {"legal", "cancellation_en", kText},
    {"legal", "payment", kText},
    {"legal", "payment_en", kText},
    {"legal", "delivery", kText},
    {"legal", "delivery_en", kText},
    {"legal", "environment", kText},
    {"legal", "environment_en", kText},
    {"legal", "registration_number", "T and 13 digits, of qualified invoices"},
    {"legal", "terms", kDocument, true},
    {"legal", "terms_en", kDocument},
    {"legal", "privacy", kDocument, true},
    {"legal", "privacy_en", kDocument},
};

bool is_address(std::string_view text) {
  return text.starts_with("https://") || text.starts_with("http://");
}

std::string in(const Config& config, const std::string& name) {
  const auto found = config.legal.find(name);
  return found == config.legal.end() ? "" : found->second;
}

// A missing language is the other one.
json::object both(const Config& config, std::string_view name) {
  const std::string ja = in(config, std::string(name));
  const std::string en = in(config, fmt::format("{}_en", name));
  return {{"ja", ja.empty() ? en : ja}, {"en", en.empty() ? ja : en}};
}

}  // namespace

std::span<const LegalKey> legal_keys() { return kKeys; }

Expected<void> read_legal_documents(Config& config) {
  for (auto& [name, value] : config.legal) {
    if (!name.starts_with("terms") && !name.starts_with("privacy")) continue;
    if (value.empty() || is_address(value)) continue;
    auto text = store::read_file(value, kDocumentMax);
    if (!text) return problem(fmt::format("[legal] {}: {}", name, text.error().sentence));
    value = std::move(*text);
  }
  return {};
}

std::string why_nothing_is_sold(const Config& config) {
  const bool real = ticketing::is_live_key(config.payments.stripe.secret_key);
  if (config.payments.test == PaymentsConfig::Test::Operator && !real) return "";
  std::string missing;
  for (const LegalKey& key : kKeys) {
    if (!key.needed || !in(config, std::string(key.name)).empty()) continue;
    missing += fmt::format("{}{}", missing.empty() ? "" : ", ", key.name);
  }
  if (missing.empty()) return "";
  return fmt::format(
      "The law wants a seller to say who he is before he sells. The configuration's [legal] has no "
      "{}.",
      missing);
}

json::object legal_json(const Config& config) {
  json::object all;
  for (const LegalKey& key : kKeys) {
    if (!key.name.ends_with("_en")) all[key.name] = both(config, key.name);
  }
  return all;
}

}  // namespace butai::app
