#include "access/secret.h"

#include <fmt/format.h>

#include <array>

#include "access/limits.h"
#include "store/files.h"

namespace butai::access {
namespace {

// Stands in the document that the product follows, so everybody knows it.
constexpr std::string_view kPublishedSecret = "your-secret-key";

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Expected<void> create(const std::string& path, Random& random) {
  std::array<std::uint8_t, kSecretBytesMin> fresh;
  random.fill(fresh);
  // Of two processes that start together one creates; both then read the same file.
  const auto created = store::create_file(path, as_bytes(base64url(fresh) + "\n"));
  if (!created) return std::unexpected(created.error());
  return {};
}

}  // namespace

Secret::Secret(std::string text)
    : text_(std::move(text)), weak_(text_.size() < kSecretBytesMin || text_ == kPublishedSecret) {}

Key32 Secret::derived(std::string_view purpose) const { return hkdf_sha256(bytes(), purpose); }

Expected<Secret> load_secret(const std::string& configured, const std::string& data_folder,
                             Random& random) {
  if (configured.size() > kSecretBytesMax) {
    return problem(fmt::format("[auth] secret is longer than {} bytes. Use 32 random bytes.",
                               kSecretBytesMax));
  }
  if (!configured.empty()) return Secret(configured);

  const std::string folder = data_folder + "/keys";
  const std::string path = folder + "/secret";
  if (!store::file_exists(path)) {
    if (auto prepared = store::prepare_folder(folder); !prepared) {
      return std::unexpected(prepared.error());
    }
    if (auto created = create(path, random); !created) return std::unexpected(created.error());
  }
  auto text = store::read_file(path, kSecretBytesMax);
  if (!text) return std::unexpected(text.error());
  Secret secret(without_line_end(std::move(*text)));
  if (secret.weak()) {
    return problem(fmt::format(
        "{} holds fewer than 32 bytes. Remove it (a new one is made at start; tokens made before "
        "become invalid), or write 32 random bytes into it.",
        path));
  }
  return secret;
}

}  // namespace butai::access
