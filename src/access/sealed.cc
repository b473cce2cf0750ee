#include "access/sealed.h"

namespace butai::access {
namespace {
constexpr std::size_t kMacBytes = 16;
}  // namespace

std::string seal(const Key32& key, ByteView record) {
  const Key32 mac = hmac_sha256(key, record);
  std::vector<std::uint8_t> sealed(record.begin(), record.end());
  sealed.insert(sealed.end(), mac.begin(), mac.begin() + kMacBytes);
  return base64url(sealed);
}

std::optional<std::vector<std::uint8_t>> unseal(const Key32& key, std::string_view text) {
  auto sealed = from_base64url(text);
  if (!sealed || sealed->size() < kMacBytes) return std::nullopt;
  const ByteView all(*sealed);
  const ByteView record = all.first(all.size() - kMacBytes);
  const Key32 mac = hmac_sha256(key, record);
  if (!equal_secrets(ByteView(mac).first(kMacBytes), all.last(kMacBytes))) return std::nullopt;
  sealed->resize(record.size());
  return sealed;
}

}  // namespace butai::access
