#include "access/edge_links.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "access/limits.h"
#include "access/mac.h"

namespace butai::access {
namespace {

constexpr std::int64_t kStep = 60;  // seconds; for so long all get the same address
constexpr std::size_t kNameMax = 8;

// What nginx compares: MD5 is what its module knows, and here it only has to be unguessable.
std::string signature(std::int64_t expires, std::string_view channel, const EdgeKey& key) {
  const std::string text = fmt::format("{} {} {}", expires, channel, key.secret);
  std::array<std::uint8_t, 16> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_md5(), nullptr);
  return base64url(digest);
}

// Taken off the front of `text`, up to the next dash.
std::string_view next_word(std::string_view& text) {
  const std::string_view word = text.substr(0, text.find('-'));
  text.remove_prefix(std::min(word.size() + 1, text.size()));
  return word;
}

}  // namespace

std::optional<EdgeKey> parse_edge_key(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos || colon == 0 || colon > kNameMax) return std::nullopt;
  const std::string_view name = text.substr(0, colon), secret = text.substr(colon + 1);
  const bool plain = std::ranges::all_of(
      name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
  if (!plain || secret.size() < kSecretBytesMin || secret.size() > kSecretBytesMax) {
    return std::nullopt;
  }
  return EdgeKey{std::string(name), std::string(secret)};
}

std::string EdgeLinks::right(std::string_view channel, Utc when) const {
  const std::int64_t now = std::chrono::floor<Seconds>(when).time_since_epoch().count();
  const std::int64_t expires = (now / kStep + 1) * kStep + kEdgeLife.count();
  return fmt::format("e-{}-{}-{}", key_->name, expires, signature(expires, channel, *key_));
}

std::expected<void, Refusal> EdgeLinks::check(std::string_view token, std::string_view channel,
                                              Utc now) const {
  token.remove_prefix(2);
  const std::string_view name = next_word(token), until = next_word(token);
  const EdgeKey* key = nullptr;
  for (const auto* each : {&key_, &previous_}) {
    if (*each && (*each)->name == name) key = &**each;
  }
  std::int64_t expires = 0;
  const auto [end, error] = std::from_chars(until.data(), until.data() + until.size(), expires);
  if (key == nullptr || error != std::errc{} || end != until.data() + until.size() ||
      !equal_secrets(as_bytes(signature(expires, channel, *key)), as_bytes(token))) {
    return std::unexpected(Refusal::BadPlay);
  }
  if (std::chrono::floor<Seconds>(now).time_since_epoch().count() >= expires) {
    return std::unexpected(Refusal::PlayExpired);
  }
  return {};
}

}  // namespace butai::access
