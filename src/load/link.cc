#include "load/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "load/limits.h"

namespace butai::load {
namespace {

void set_option(int descriptor, int level, int name, int value) {
  setsockopt(descriptor, level, name, &value, sizeof value);
}

bool is_patience(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

TlsClient::TlsClient() : context_(SSL_CTX_new(TLS_client_method())) {
  if (context_ == nullptr) throw std::runtime_error("OpenSSL gives no client context");
  // A load generator asks whether the server carries the load, not who it is.
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_mode(context_, SSL_MODE_RELEASE_BUFFERS);
}

TlsClient::~TlsClient() {
  SSL_SESSION_free(session_);
  SSL_CTX_free(context_);
}

SSL* TlsClient::open(int descriptor) {
  SSL* ssl = SSL_new(context_);
  if (ssl == nullptr) return nullptr;
  SSL_set_fd(ssl, descriptor);
  if (session_ != nullptr) SSL_set_session(ssl, session_);
  SSL_set_connect_state(ssl);
  return ssl;
}

void TlsClient::remember(SSL* from) {
  SSL_SESSION* session = SSL_get1_session(from);
  if (session == nullptr || SSL_SESSION_is_resumable(session) == 0) {
    SSL_SESSION_free(session);
    return;
  }
  SSL_SESSION_free(session_);
  session_ = session;
}

void Link::FreeSsl::operator()(SSL* ssl) const { SSL_free(ssl); }

bool Link::begin(const Target& target, TlsClient* tls, std::size_t index) {
  descriptor_ = socket(target.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor_ < 0) return false;
  tls_ = target.secure ? tls : nullptr;
  set_option(descriptor_, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  set_option(descriptor_, IPPROTO_TCP, TCP_NODELAY, 1);
  if (target.loopback) {
    // The port is chosen at connect, so that each source address has all of them.
    set_option(descriptor_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    sockaddr_in source{};
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<unsigned>(index % kSources));
    if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0) {
      return false;
    }
  }
  const int done =
      connect(descriptor_, reinterpret_cast<const sockaddr*>(&target.address), target.address_size);
  return done == 0 || errno == EINPROGRESS;
}

Link::State Link::advance() {
  if (state_ == State::Connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return state_ = State::Failed;
    tcp_info info{};
    socklen_t info_size = sizeof info;
    getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &info_size);
    if (info.tcpi_state != TCP_ESTABLISHED && info.tcpi_state != TCP_CLOSE_WAIT) return state_;
    if (tls_ == nullptr) return state_ = State::Open;
    ssl_.reset(tls_->open(descriptor_));
    state_ = ssl_ ? State::Securing : State::Failed;
  }
  return state_ == State::Securing ? secure_now() : state_;
}

Link::State Link::secure_now() {
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return state_ = State::Open;
  const int error = SSL_get_error(ssl_.get(), done);
  const bool waits = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  return state_ = waits ? State::Securing : State::Failed;
}

bool Link::write(std::string_view bytes) {
  if (ssl_) {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) ==
           static_cast<int>(bytes.size());
  }
  return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

long Link::read(std::span<std::uint8_t> into) {
  if (ssl_) {
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return got;
    const int error = SSL_get_error(ssl_.get(), got);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
  }
  const ssize_t got = recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
  if (got > 0) return got;
  return got < 0 && is_patience(errno) ? 0 : -1;
}

long Link::discard() {
  const ssize_t got = recv(descriptor_, nullptr, kDiscardMax, MSG_TRUNC | MSG_DONTWAIT);
  if (got > 0) return got;
  return got < 0 && is_patience(errno) ? 0 : -1;
}

void Link::wake_at(int bytes) { set_option(descriptor_, SOL_SOCKET, SO_RCVLOWAT, bytes); }

std::size_t Link::waiting() const {
  int bytes = 0;
  return descriptor_ >= 0 && ioctl(descriptor_, FIONREAD, &bytes) == 0
             ? static_cast<std::size_t>(bytes)
             : 0;
}

void Link::close() {
  if (descriptor_ < 0) return;
  ssl_.reset();
  ::close(descriptor_);
  descriptor_ = -1;
  state_ = State::Failed;
}

}  // namespace butai::load
