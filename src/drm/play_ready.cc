#include "drm/play_ready.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <string>

#include "drm/pssh.h"
#include "drm/text.h"

namespace butai::drm {
namespace {

std::string header_xml(const ContentKey& key, media::Scheme scheme) {
  constexpr std::string_view kNamespace =
      "http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader";
  const std::string kid = to_base64(guid_order(key.kid));
  if (scheme == media::Scheme::Cbcs) {
    return fmt::format(
        "<WRMHEADER xmlns=\"{}\" version=\"4.3.0.0\"><DATA><PROTECTINFO><KIDS>"
        "<KID ALGID=\"AESCBC\" VALUE=\"{}\"></KID></KIDS></PROTECTINFO></DATA></WRMHEADER>",
        kNamespace, kid);
  }
  return fmt::format(
      "<WRMHEADER xmlns=\"{}\" version=\"4.0.0.0\"><DATA><PROTECTINFO><KEYLEN>16</KEYLEN>"
      "<ALGID>AESCTR</ALGID></PROTECTINFO><KID>{}</KID><CHECKSUM>{}</CHECKSUM></DATA></WRMHEADER>",
      kNamespace, kid, to_base64(play_ready_checksum(key)));
}

void append_little(std::vector<std::uint8_t>& out, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

media::KeyId guid_order(const media::KeyId& kid) {
  media::KeyId out = kid;
  std::reverse(out.begin(), out.begin() + 4);
  std::reverse(out.begin() + 4, out.begin() + 6);
  std::reverse(out.begin() + 6, out.begin() + 8);
  return out;
}

std::array<std::uint8_t, 8> play_ready_checksum(const ContentKey& key) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  std::array<std::uint8_t, 32> block{};
  const media::KeyId guid = guid_order(key.kid);
  int written = 0;
  EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.key.view().data(), nullptr);
  EVP_EncryptUpdate(context.get(), block.data(), &written, guid.data(),
                    static_cast<int>(guid.size()));
  std::array<std::uint8_t, 8> checksum{};
  std::copy_n(block.begin(), checksum.size(), checksum.begin());
  return checksum;
}

std::vector<std::uint8_t> play_ready_object(const ContentKey& key, media::Scheme scheme) {
  constexpr std::size_t kHead = 4 + 2 + 2 + 2;  // total length, one record, its type and length
  const std::string xml = header_xml(key, scheme);
  std::vector<std::uint8_t> out;
  append_little(out, kHead + xml.size() * 2, 4);
  append_little(out, 1, 2);
  append_little(out, 1, 2);
  append_little(out, xml.size() * 2, 2);
  for (const char c : xml) append_little(out, static_cast<std::uint8_t>(c), 2);  // ASCII
  return out;
}

Bytes play_ready_pssh(const ContentKey& key, media::Scheme scheme) {
  return write_pssh({*from_uuid(kPlayReadySystem), {}, play_ready_object(key, scheme)});
}

}  // namespace butai::drm
