#include "client/license_asker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>
#include <utility>

#include "client/limits.h"
#include "drm/text.h"

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

}  // namespace

void LicenseAsker::know(std::string license_url, bool tokens, net::ClientOptions options) {
  url_ = std::move(license_url);
  tokens_ = seen_.keys_with_service = tokens;
  options_ = std::move(options);
}

void LicenseAsker::ask(const std::vector<std::string>& kids) {
  if (!asked_.insert(kids).second) return;
  const Question question{kids, clock_.steady()};
  if (url_.empty())
    return refused(question, "the server", 0, "its answer names no license address");
  tokens_ ? ask_for_token(question, 0) : ask_clear_key(question);
}

void LicenseAsker::ask_clear_key(const Question& question) {
  json::array names;
  for (const std::string& hex : question.kids) {
    const auto kid = drm::from_uuid(hex);
    if (!kid) return refused(question, "the server", 0, fmt::format("\"{}\" is no key id", hex));
    names.emplace_back(drm::to_base64url(*kid));
  }
  net::ClientOptions options = options_;
  options.headers.add("Content-Type", "application/json");
  net::fetch(loop_, net::Method::Post, url_ + "/clearkey", options,
             json::serialize(json::object{{"kids", names}, {"type", "temporary"}}),
             [this, question](const Expected<net::ClientResponse>& answer) {
               if (!answer) return refused(question, "the server", 0, answer.error().sentence);
               take_clear_key(question, *answer);
             });
}

// A license has the keys that were asked for, or it is none.
void LicenseAsker::take_clear_key(const Question& question, const net::ClientResponse& answer) {
  if (answer.status != 200) return refused(question, "the server", answer.status, answer.body);
  std::map<media::KeyId, drm::KeyBytes> keys;
  const json::object license = object_of(answer.body);
  const json::value* list = license.if_contains("keys");
  for (const json::value& each :
       list != nullptr && list->is_array() ? list->get_array() : json::array()) {
    const json::object key = each.is_object() ? each.get_object() : json::object();
    const auto kid = drm::from_base64url(text_of(key, "kid"));
    const auto bytes = drm::from_base64url(text_of(key, "k"));
    if (!kid || !bytes || kid->size() != 16 || bytes->size() != drm::KeyBytes::kSize) continue;
    media::KeyId id{};
    std::ranges::copy(*kid, id.begin());
    std::ranges::copy(*bytes, keys[id].fill().begin());
  }
  for (const std::string& hex : question.kids) {
    if (keys.contains(*drm::from_uuid(hex))) continue;
    return refused(question, "the server", 0, fmt::format("its license has no key {}", hex));
  }
  given(question);
  for (const std::string& hex : question.kids) {
    const media::KeyId kid = *drm::from_uuid(hex);
    opener_.take_key(kid, keys[kid]);
  }
}

// 404: this system is not configured; perhaps the next one is.
void LicenseAsker::ask_for_token(const Question& question, std::size_t system) {
  net::fetch(loop_, net::Method::Get, fmt::format("{}/{}/token", url_, kSystems[system]), options_,
             {}, [this, question, system](const Expected<net::ClientResponse>& answer) {
               if (!answer) return refused(question, "the server", 0, answer.error().sentence);
               if (answer->status == 404 && system + 1 < kSystems.size()) {
                 return ask_for_token(question, system + 1);
               }
               if (answer->status != 200) {
                 return refused(question, "the server", answer->status, answer->body);
               }
               ask_service(question, answer->body);
             });
}

void LicenseAsker::ask_service(const Question& question, std::string_view token_answer) {
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
             [this, question](const Expected<net::ClientResponse>& answer) {
               if (!answer) {
                 return refused(question, "the license service", 0, answer.error().sentence);
               }
               if (answer->status / 100 != 2) {
                 return refused(question, "the license service", answer->status, answer->body);
               }
               given(question);
             });
}

void LicenseAsker::given(const Question& question) {
  ++seen_.licenses;
  seen_.license.add(std::chrono::duration_cast<Micros>(clock_.steady() - question.asked_at));
  for (const std::string& kid : question.kids) {
    if (std::ranges::find(seen_.key_ids, kid) == seen_.key_ids.end()) seen_.key_ids.push_back(kid);
  }
}

// Nothing is asked again by itself: that is for the next `init`, or the next connection.
void LicenseAsker::refused(const Question& question, std::string_view who, int status,
                           std::string_view body) {
  asked_.erase(question.kids);
  ++seen_.licenses_refused;
  for (const std::string& hex : question.kids) {
    if (const auto kid = drm::from_uuid(hex)) opener_.refuse(*kid);
  }
  const std::string detail = status == 0 ? std::string(body) : text_of(object_of(body), "detail");
  std::string sentence = status == 0
                             ? fmt::format("no license from {}: {}", who, detail)
                             : fmt::format("no license from {}: {} {}", who, status, detail);
  say_(sentence);
  const bool told = std::ranges::find(seen_.refusals, sentence) != seen_.refusals.end();
  if (!told && seen_.refusals.size() < kRefusalsTold) seen_.refusals.push_back(std::move(sentence));
}

}  // namespace butai::client
