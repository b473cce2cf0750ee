// Makes any JWT a test wants, good or bad, with signatures by OpenSSL: an opinion independent of
// the library that verifies.
#pragma once

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/mac.h"

namespace butai::access::testing {

inline std::string part(std::string_view json) { return base64url(as_bytes(json)); }
inline std::string unsigned_token(std::string_view header, std::string_view claims) {
  return part(header) + "." + part(claims);
}

using Members = std::vector<std::pair<std::string, std::string>>;  // names and JSON texts
// Good claims as JSON, with one member replaced or added; an empty value leaves it out.
inline std::string claims_of(Members members, std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(members, name, &Members::value_type::first);
  if (found != members.end()) {
    found->second = value;
  } else if (!name.empty()) {
    members.emplace_back(name, value);
  }
  std::string json;
  for (const auto& [member, text] : members) {
    if (!text.empty()) json += fmt::format("{}\"{}\":{}", json.empty() ? "{" : ",", member, text);
  }
  return json + "}";
}

inline std::string forge_hs256(std::string_view secret, std::string_view header,
                               std::string_view claims) {
  const std::string head = unsigned_token(header, claims);
  return head + "." + base64url(hmac_sha256(as_bytes(secret), as_bytes(head)));
}

// A key pair with its public half in the two forms that attackers know.
class KeyPair {
 public:
  static KeyPair rsa(unsigned bits) { return KeyPair(EVP_RSA_gen(bits)); }
  static KeyPair ec(const char* curve) { return KeyPair(EVP_EC_gen(curve)); }

  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PUBKEY(out.get(), key_.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }
  // `more` is put before the closing brace, e.g. ,"use":"sig"
  std::string jwk(const std::string& kid, const std::string& more = "") const {
    if (EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_RSA) {
      return R"({"kty":"RSA","kid":")" + kid + R"(","n":")" + number("n") + R"(","e":")" +
             number("e") + "\"" + more + "}";
    }
    return R"({"kty":"EC","crv":"P-256","kid":")" + kid + R"(","x":")" + number("qx", 32) +
           R"(","y":")" + number("qy", 32) + "\"" + more + "}";
  }

  std::string forge(std::string_view header, std::string_view claims) const {
    const std::string head = unsigned_token(header, claims);
    return head + "." + base64url(signature(head));
  }

 private:
  explicit KeyPair(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) {}

  std::string number(const char* name, int pad = 0) const {
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &value);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(std::max(BN_num_bytes(value), pad)));
    BN_bn2binpad(value, bytes.data(), static_cast<int>(bytes.size()));
    BN_free(value);
    return base64url(bytes);
  }

  std::vector<std::uint8_t> signature(std::string_view head) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    const ByteView text = as_bytes(head);
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, text.data(), text.size());
    std::vector<std::uint8_t> out(size);
    EVP_DigestSign(context.get(), out.data(), &size, text.data(), text.size());
    out.resize(size);
    return EVP_PKEY_get_base_id(key_.get()) == EVP_PKEY_EC ? raw_ecdsa(out) : out;
  }

  // JWS wants r | s, 32 bytes each; OpenSSL gives DER.
  static std::vector<std::uint8_t> raw_ecdsa(const std::vector<std::uint8_t>& der) {
    const std::uint8_t* at = der.data();
    ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::vector<std::uint8_t> raw(64);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw.data(), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw.data() + 32, 32);
    ECDSA_SIG_free(pair);
    return raw;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace butai::access::testing
