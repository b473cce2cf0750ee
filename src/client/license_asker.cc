#include "client/license_asker.h"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>
#include <utility>

#include "client/limits.h"

namespace butai::client {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 3> kSystems{"widevine", "playready", "fairplay"};
constexpr std::string_view kCertificateQuestion("\x08\x04", 2);

json::object object_of(std::string_view text) {
  boost::system::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  return !error && value.is_object() ? value.get_object() : json::object();
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// 32 hexadecimal digits -> base64url without padding; anything else stays as it is, and is refused.
std::string base64url_of(const std::string& hex) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : hex) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return hex;
    bits = bits << 4 | static_cast<std::uint32_t>(digit);
    count += 4;
    if (count < 6) continue;
    count -= 6;
    out += kAlphabet[bits >> count & 63];
  }
  if (count > 0) out += kAlphabet[bits << (6 - count) & 63];
  return out;
}

}  // namespace

void LicenseAsker::know(std::string license_url, bool tokens, net::ClientOptions options) {
  url_ = std::move(license_url);
  tokens_ = tokens;
  options_ = std::move(options);
  options_.headers = {};  // the right is in the address
}

void LicenseAsker::ask(const std::vector<std::string>& kids) {
  std::string name;
  for (const std::string& kid : kids) name += kid;
  if (url_.empty() || !asked_.insert(name).second) return;
  tokens_ ? ask_for_token(0) : ask_clear_key(kids);
}

void LicenseAsker::ask_clear_key(const std::vector<std::string>& kids) {
  json::array names;
  for (const std::string& kid : kids) names.emplace_back(base64url_of(kid));
  net::ClientOptions options = options_;
  options.headers.add("Content-Type", "application/json");
  net::fetch(loop_, net::Method::Post, url_ + "/clearkey", options,
             json::serialize(json::object{{"kids", names}, {"type", "temporary"}}),
             [this, count = kids.size()](const Expected<net::ClientResponse>& answer) {
               if (!answer) return refused("the server", 0, answer.error().sentence);
               const json::object license = object_of(answer->body);
               const json::value* keys = license.if_contains("keys");
               if (answer->status != 200 || keys == nullptr || !keys->is_array() ||
                   keys->get_array().size() != count) {
                 return refused("the server", answer->status, answer->body);
               }
               given();
             });
}

// 404: this system is not configured; perhaps the next one is.
void LicenseAsker::ask_for_token(std::size_t system) {
  net::fetch(loop_, net::Method::Get, fmt::format("{}/{}/token", url_, kSystems[system]), options_,
             {}, [this, system](const Expected<net::ClientResponse>& answer) {
               if (!answer) return refused("the server", 0, answer.error().sentence);
               if (answer->status == 404 && system + 1 < kSystems.size()) {
                 return ask_for_token(system + 1);
               }
               if (answer->status != 200) {
                 return refused("the server", answer->status, answer->body);
               }
               ask_service(answer->body);
             });
}

void LicenseAsker::ask_service(std::string_view token_answer) {
  const json::object token = object_of(token_answer);
  net::ClientOptions options;
  options.ca_file = options_.ca_file;
  options.timeout = options_.timeout;
  const json::value* headers = token.if_contains("headers");
  if (headers != nullptr && headers->is_object()) {
    for (const auto& [name, value] : headers->get_object()) {
      if (value.is_string())
        options.headers.add(std::string(name), std::string(value.get_string()));
    }
  }
  options.headers.add("Content-Type", "application/octet-stream");
  net::fetch(loop_, net::Method::Post, text_of(token, "url"), options,
             std::string(kCertificateQuestion),
             [this](const Expected<net::ClientResponse>& answer) {
               if (!answer) return refused("the license service", 0, answer.error().sentence);
               if (answer->status / 100 != 2) {
                 return refused("the license service", answer->status, answer->body);
               }
               given();
             });
}

void LicenseAsker::given() { ++seen_.licenses; }

void LicenseAsker::refused(std::string_view who, int status, std::string_view body) {
  ++seen_.licenses_refused;
  const std::string detail = status == 0 ? std::string(body) : text_of(object_of(body), "detail");
  say_(status == 0 ? fmt::format("no license from {}: {}", who, detail)
                   : fmt::format("no license from {}: {} {}", who, status, detail));
}

}  // namespace butai::client
