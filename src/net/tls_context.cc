#include "net/tls_context.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "base/log.h"

namespace butai::net {

namespace {

// ECDHE with AEAD only. AES of 128 bits first: it protects as long as anybody will keep the film,
// and costs a fifth less; who has no AES in hardware says so by asking for ChaCha first.
constexpr const char* kCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr std::string_view kProtocols = "\x02h2\x08http/1.1";  // the first that both speak

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* selected = nullptr;
  const int result = SSL_select_next_proto(
      &selected, size, reinterpret_cast<const unsigned char*>(kProtocols.data()),
      static_cast<unsigned int>(kProtocols.size()), offered, offered_size);
  *chosen = selected;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Expected<SslContext> load(const TlsFiles& files) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(raw, kCiphers);
  SSL_CTX_set_ciphersuites(raw, kSuites);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);          // 34 KB less for each idle viewer
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);  // tickets only: nothing to keep here
  SSL_CTX_set_num_tickets(raw, 1);
  static constexpr std::array<unsigned char, 5> kSessions{'b', 'u', 't', 'a', 'i'};
  SSL_CTX_set_session_id_context(raw, kSessions.data(), kSessions.size());
  SSL_CTX_set_alpn_select_cb(raw, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1) {
    return problem(fmt::format("{}: cannot be read as a PEM certificate ({})", files.certificate,
                               tls_reason()));
  }
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return problem(fmt::format("{}: cannot be read as a PEM key ({})", files.key, tls_reason()));
  }
  if (SSL_CTX_check_private_key(raw) != 1) {
    return problem(fmt::format("{}: is not the key of {}", files.key, files.certificate));
  }
  return context;
}

// Tickets given before a new certificate stay good after it.
void keep_ticket_keys(SSL_CTX* from, SSL_CTX* to) {
  std::array<unsigned char, 80> keys{};
  if (SSL_CTX_get_tlsext_ticket_keys(from, keys.data(), keys.size()) == 1) {
    SSL_CTX_set_tlsext_ticket_keys(to, keys.data(), keys.size());
  }
}

}  // namespace

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return "no reason given";
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "no reason given";
}

Expected<std::shared_ptr<TlsContext>> TlsContext::make(TlsFiles files) {
  auto first = load(files);
  if (!first) return std::unexpected(first.error());
  return std::make_shared<TlsContext>(std::move(files), std::move(*first));
}

TlsContext::TlsContext(TlsFiles files, SslContext first)
    : files_(std::move(files)), context_(std::move(first)), times_(times_of(files_)) {}

TlsContext::Times TlsContext::times_of(const TlsFiles& files) {
  std::error_code missing;  // a missing file has the earliest time, and loading will tell
  return {std::filesystem::last_write_time(files.certificate, missing),
          std::filesystem::last_write_time(files.key, missing)};
}

SslContext TlsContext::current(Steady now) {
  const std::lock_guard lock(mutex_);
  if (now < looked_ + Seconds{1}) return context_;
  looked_ = now;
  const Times times = times_of(files_);
  if (times == times_) return context_;
  times_ = times;
  auto next = load(files_);
  if (!next) {
    log::warning("the new certificate is not used", {{"why", next.error().sentence}});
    return context_;
  }
  keep_ticket_keys(context_.get(), next->get());
  context_ = std::move(*next);
  log::info("certificate re-read", {{"file", files_.certificate}});
  return context_;
}

}  // namespace butai::net
