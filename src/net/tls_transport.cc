#include "net/tls_transport.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "net/address.h"
#include "net/limits.h"
#include "net/loop.h"
#include "net/scratch.h"
#include "net/text.h"

namespace butai::net {

namespace {

class TlsTransport final : public Transport {
 public:
  TlsTransport(Loop& loop, int fd, Traffic traffic, SSL_CTX& context, std::string pin);
  ~TlsTransport() override { SSL_free(ssl_); }

  SSL* ssl() { return ssl_; }
  std::string_view protocol() const override;
  // For OpenSSL's verification: does the leaf have the pinned fingerprint?
  bool leaf_is_pinned(X509* leaf);

 private:
  void begin() override;
  void take(ByteView wire) override;
  std::size_t write(std::span<const iovec> views) override;
  std::size_t backlog() const override { return backlog_.size() - backlog_sent_; }
  void say_goodbye() override;

  bool shake_hands();
  void decrypt();
  std::size_t encrypt(std::span<const iovec> views, std::size_t& view, std::size_t& offset);
  bool send_backlog();
  void push_out();
  void tls_failed();
  std::string certificate_failure() const;

  static BIO_METHOD* memory();
  static int bio_read(BIO* bio, char* out, int size);
  static int bio_write(BIO* bio, const char* bytes, int size);
  static long bio_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
  }

  SSL* ssl_;
  const std::string pin_;
  std::string seen_fingerprint_;       // of a leaf that was not the pinned one
  ByteView wire_;                      // received and not yet read by OpenSSL; lent during take()
  std::vector<std::uint8_t> backlog_;  // ciphertext that the kernel did not take
  std::size_t backlog_sent_ = 0;
  bool secure_ = false;  // the handshake is done
};

BIO_METHOD* TlsTransport::memory() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "butai");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return kMethod;
}

int TlsTransport::bio_read(BIO* bio, char* out, int size) {
  auto& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (self.wire_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(self.wire_.size(), static_cast<std::size_t>(size));
  std::memcpy(out, self.wire_.data(), count);
  self.wire_ = self.wire_.subspan(count);
  return static_cast<int>(count);
}

int TlsTransport::bio_write(BIO* bio, const char* bytes, int size) {
  auto& cipher = static_cast<TlsTransport*>(BIO_get_data(bio))->loop().scratch().cipher;
  // Of the same type as the scratch: a copy from char would go byte by byte.
  const auto* from = reinterpret_cast<const std::uint8_t*>(bytes);
  cipher.insert(cipher.end(), from, from + size);
  return size;
}

TlsTransport::TlsTransport(Loop& loop, int fd, Traffic traffic, SSL_CTX& context, std::string pin)
    : Transport(loop, fd, traffic, Kind::Encrypted), ssl_(SSL_new(&context)), pin_(std::move(pin)) {
  BIO* bio = BIO_new(memory());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_app_data(ssl_, this);
}

std::string_view TlsTransport::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

void TlsTransport::begin() {
  if (SSL_is_server(ssl_) == 0) shake_hands();
}

void TlsTransport::take(ByteView wire) {
  wire_ = wire;
  if (secure_ || shake_hands()) decrypt();
  wire_ = {};
}

// True once the handshake is done and the user still wants what follows.
bool TlsTransport::shake_hands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  const int error = SSL_get_error(ssl_, result);
  if (result != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
    tls_failed();
    return false;
  }
  push_out();
  if (result != 1 || dead()) return false;
  secure_ = true;
  if (user() != nullptr) user()->on_open();
  return !dead() && user() != nullptr;
}

void TlsTransport::decrypt() {
  auto& plain = loop().scratch().plain;
  while (!dead() && user() != nullptr) {
    std::size_t filled = 0;
    int error = SSL_ERROR_NONE;
    while (error == SSL_ERROR_NONE && filled < plain.size()) {
      ERR_clear_error();
      std::size_t count = 0;
      const int result = SSL_read_ex(ssl_, plain.data() + filled, plain.size() - filled, &count);
      error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_, result);
      filled += result == 1 ? count : 0;
    }
    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) return tls_failed();
    push_out();  // key updates, tickets
    if (filled > 0 && user() != nullptr) user()->on_received({plain.data(), filled});
    if (error == SSL_ERROR_ZERO_RETURN) return end(End::Closed);
    if (error != SSL_ERROR_NONE) return;
  }
}

// One batch after the other, as long as the kernel takes each whole.
std::size_t TlsTransport::write(std::span<const iovec> views) {
  if (!send_backlog() || !secure_) return 0;
  std::size_t taken = 0;
  std::size_t view = 0;
  std::size_t offset = 0;
  while (view < views.size() && backlog() == 0 && !dead()) {
    taken += encrypt(views, view, offset);
    push_out();
  }
  return taken;
}

// Adds a batch of ciphertext to the scratch, from `offset` in `view` on, and moves both. Gathers
// small pieces into whole records; large ones are encrypted where they lie.
std::size_t TlsTransport::encrypt(std::span<const iovec> views, std::size_t& view,
                                  std::size_t& offset) {
  auto& [received, plain, record, cipher] = loop().scratch();
  std::size_t taken = 0;
  while (view < views.size() && cipher.size() < kTlsBatchBytes) {
    const auto* base = static_cast<const std::uint8_t*>(views[view].iov_base) + offset;
    std::size_t count = std::min(views[view].iov_len - offset, kTlsRecordBytes);
    const bool small = count < kTlsRecordBytes && view + 1 < views.size();
    if (small) {
      std::size_t filled = 0;
      while (view < views.size() && filled < kTlsRecordBytes) {
        const std::size_t part = std::min(views[view].iov_len - offset, kTlsRecordBytes - filled);
        std::memcpy(record.data() + filled,
                    static_cast<const std::uint8_t*>(views[view].iov_base) + offset, part);
        filled += part;
        offset += part;
        if (offset < views[view].iov_len) break;
        ++view;
        offset = 0;
      }
      base = record.data();
      count = filled;
    } else {
      offset += count;
      if (offset == views[view].iov_len) {
        ++view;
        offset = 0;
      }
    }
    ERR_clear_error();
    std::size_t written = 0;
    if (count > 0 && SSL_write_ex(ssl_, base, count, &written) != 1) {
      tls_failed();
      return taken;
    }
    taken += count;
  }
  return taken;
}

bool TlsTransport::send_backlog() {
  if (backlog() == 0) return true;
  const iovec rest{backlog_.data() + backlog_sent_, backlog()};
  backlog_sent_ += to_kernel({&rest, 1});
  if (backlog() > 0) return false;
  backlog_ = {};  // its memory too: thousands of these connections are idle
  backlog_sent_ = 0;
  return true;
}

// Sends what OpenSSL wrote into the scratch, in order behind an earlier backlog.
void TlsTransport::push_out() {
  auto& cipher = loop().scratch().cipher;
  if (cipher.empty()) return;
  std::size_t sent = 0;
  if (!dead() && send_backlog()) {
    const iovec all{cipher.data(), cipher.size()};
    sent = to_kernel({&all, 1});
  }
  if (!dead() && sent < cipher.size()) {
    backlog_.insert(backlog_.end(), cipher.begin() + static_cast<std::ptrdiff_t>(sent),
                    cipher.end());
    wait_writable();
  }
  cipher.clear();
}

void TlsTransport::say_goodbye() {
  if (!secure_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
  push_out();
}

void TlsTransport::tls_failed() {
  std::string reason = certificate_failure();
  if (reason.empty()) reason = "TLS: " + tls_reason();
  push_out();  // the alert
  ERR_clear_error();
  fail(std::move(reason));
}

std::string TlsTransport::certificate_failure() const {
  if (SSL_is_server(ssl_) != 0) return {};
  if (!seen_fingerprint_.empty()) {
    return fmt::format("the server's certificate is not the pinned one; its SHA-256 is {}",
                       seen_fingerprint_);
  }
  switch (const long result = SSL_get_verify_result(ssl_)) {
    case X509_V_OK:
      return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet; check the clock";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the server's certificate is for another name";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "the server's certificate is not known; pass --pin FINGERPRINT printed by serve, or "
             "--ca FILE";
    default:
      return fmt::format("the server's certificate is refused: {}",
                         X509_verify_cert_error_string(result));
  }
}

bool TlsTransport::leaf_is_pinned(X509* leaf) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (leaf == nullptr || X509_digest(leaf, EVP_sha256(), digest.data(), &size) != 1) return false;
  const std::string fingerprint = hex({digest.data(), size});
  if (fingerprint == pin_) return true;
  seen_fingerprint_ = fingerprint;
  return false;
}

int check_pin(X509_STORE_CTX* store, void*) {
  auto* ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* transport = static_cast<TlsTransport*>(SSL_get_app_data(ssl));
  if (transport->leaf_is_pinned(X509_STORE_CTX_get0_cert(store))) return 1;
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

// "AB:CD …" and "abcd…" are the same fingerprint.
std::string normal_pin(std::string_view pin) {
  std::string digits;
  for (const char c : pin) {
    if (c != ':' && c != ' ') digits += lower(c);
  }
  return digits;
}

}  // namespace

Expected<SslContext> make_tls_client_context(const TlsTrust& trust) {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  static constexpr std::string_view kProtocol = "\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(kProtocol.data()),
                          static_cast<unsigned int>(kProtocol.size()));
  if (!trust.pin.empty()) {
    const std::string pin = normal_pin(trust.pin);
    const bool is_hex = pin.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (pin.size() != 64 || !is_hex) {
      return problem("the pin must be a SHA-256 in hex, 64 digits, as serve prints it");
    }
    SSL_CTX_set_cert_verify_callback(context.get(), check_pin, nullptr);
  } else if (trust.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (SSL_CTX_load_verify_file(context.get(), trust.ca_file.c_str()) != 1) {
    return problem(
        fmt::format("{}: cannot be read as PEM certificates ({})", trust.ca_file, tls_reason()));
  }
  return context;
}

std::shared_ptr<Transport> make_tls_server(Loop& loop, int fd, Traffic traffic, SSL_CTX& context) {
  auto transport = std::make_shared<TlsTransport>(loop, fd, traffic, context, "");
  SSL_set_accept_state(transport->ssl());
  return transport;
}

std::shared_ptr<Transport> make_tls_client(Loop& loop, int fd, Traffic traffic, SSL_CTX& context,
                                           const std::string& host, const std::string& pin) {
  auto transport = std::make_shared<TlsTransport>(loop, fd, traffic, context, normal_pin(pin));
  SSL* ssl = transport->ssl();
  SSL_set_connect_state(ssl);
  if (Address::parse(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
  } else {
    // What the macro SSL_set_tlsext_host_name does, without its C cast.
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
    SSL_set1_host(ssl, host.c_str());
  }
  return transport;
}

}  // namespace butai::net
