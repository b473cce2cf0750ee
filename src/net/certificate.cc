#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "net/address.h"
#include "net/server.h"
#include "net/text.h"
#include "net/tls_context.h"

namespace butai::net {

namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
using Certificate = std::unique_ptr<X509, void (*)(X509*)>;

// Written beside and renamed, so that nobody ever reads half a file.
template <class Write>
Expected<void> write_file(const std::string& path, mode_t mode, Write write) {
  const std::string beside = path + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return problem(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  ::fchmod(fd, mode);
  File file(::fdopen(fd, "w"), std::fclose);
  const bool written = write(file.get()) == 1 && std::fflush(file.get()) == 0;
  file.reset();
  if (!written || std::rename(beside.c_str(), path.c_str()) != 0) {
    return problem(fmt::format("{}: cannot be written: {}", path, std::strerror(errno)));
  }
  return {};
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  return true;
}

void set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), bytes.size());
  bytes[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
}

}  // namespace

Expected<std::string> certificate_fingerprint(const std::string& certificate_pem_file) {
  const File file(std::fopen(certificate_pem_file.c_str(), "re"), std::fclose);
  if (!file) {
    return problem(
        fmt::format("{}: cannot be read: {}", certificate_pem_file, std::strerror(errno)));
  }
  const Certificate leaf(PEM_read_X509(file.get(), nullptr, nullptr, nullptr), X509_free);
  if (!leaf)
    return problem(
        fmt::format("{}: is not a PEM certificate ({})", certificate_pem_file, tls_reason()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  X509_digest(leaf.get(), EVP_sha256(), digest.data(), &size);
  return hex({digest.data(), size});
}

Expected<void> make_self_signed(const TlsFiles& files, const std::vector<std::string>& names) {
  static constexpr long kLife = 10L * 365 * 24 * 3600;  // seconds; a home server outlives reminders
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const Certificate certificate(X509_new(), X509_free);
  if (!key || !certificate) return problem("the TLS library could not make a key: " + tls_reason());
  std::string alternatives;
  for (const std::string& name : names) {
    if (name.find_first_of(",\n") != std::string::npos) continue;
    alternatives += fmt::format("{}{}:{}", alternatives.empty() ? "" : ",",
                                Address::parse(name) ? "IP" : "DNS", name);
  }
  X509* raw = certificate.get();
  X509_set_version(raw, X509_VERSION_3);
  set_random_serial(raw);
  X509_gmtime_adj(X509_getm_notBefore(raw), -24L * 3600);  // clocks differ
  X509_gmtime_adj(X509_getm_notAfter(raw), kLife);
  X509_set_pubkey(raw, key.get());
  X509_NAME* subject = X509_get_subject_name(raw);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>("Butai"), -1, -1, 0);
  X509_set_issuer_name(raw, subject);
  bool good = add_extension(raw, NID_basic_constraints, "critical,CA:FALSE") &&
              add_extension(raw, NID_key_usage, "critical,digitalSignature") &&
              add_extension(raw, NID_ext_key_usage, "serverAuth");
  if (!alternatives.empty()) good = good && add_extension(raw, NID_subject_alt_name, alternatives);
  if (!good || X509_sign(raw, key.get(), EVP_sha256()) == 0) {
    return problem("the certificate could not be made: " + tls_reason());
  }
  const auto key_written = write_file(files.key, 0600, [&](std::FILE* file) {
    return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  if (!key_written) return key_written;
  return write_file(files.certificate, 0644,
                    [&](std::FILE* file) { return PEM_write_X509(file, raw); });
}

}  // namespace butai::net
