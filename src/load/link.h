// One connection of the load generator: as few system calls as there can be, and none of the
// received bytes touched unless somebody wants to read them.
// Flow:   begin -> advance (at each event) until Open -> write, and read or discard
// Thread: its crowd's.
// Limits: kReceiveBuffer; a request is written whole or the link has failed.
//
// Over TLS a link may read first and discard later: the handshake is OpenSSL's, then the ciphertext
// is thrown away unread, while writing goes on. After discard() there is no way back to read().
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "load/target.h"

struct ssl_session_st;  // OpenSSL's SSL_SESSION

namespace butai::load {

// The client's side of TLS for all links of one thread; sessions are resumed after the first.
class TlsClient {
 public:
  TlsClient();
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  SSL* open(int descriptor);
  // Tickets come behind the handshake: asked of a link that has been read from.
  void remember(SSL* from);

 private:
  SSL_CTX* context_;
  ssl_session_st* session_ = nullptr;
};

class Link {
 public:
  enum class State : std::uint8_t { Connecting, Securing, Open, Failed };

  Link() = default;
  ~Link() { close(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  // `index` chooses the source address. False: no descriptor or port is left.
  bool begin(const Target& target, TlsClient* tls, std::size_t index);
  State advance();
  bool write(std::string_view bytes);
  // Bytes read; 0: nothing now; below 0: over.
  long read(std::span<std::uint8_t> into);
  // Bytes of the wire thrown away; 0: nothing now; below 0: over.
  long discard();
  void wake_at(int bytes);      // SO_RCVLOWAT
  std::size_t waiting() const;  // bytes in the socket that were not read or discarded
  int descriptor() const { return descriptor_; }
  bool secure() const { return ssl_ != nullptr; }
  SSL* ssl() { return ssl_.get(); }
  void close();

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const;
  };
  State secure_now();

  int descriptor_ = -1;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  TlsClient* tls_ = nullptr;
  State state_ = State::Connecting;
};

}  // namespace butai::load
