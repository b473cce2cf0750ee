// A Transport over TLS. OpenSSL sees memory only: received bytes are lent to it, what it wants sent
// is collected in the loop's scratch and leaves with one send().
// Thread: one loop.
// Limits: at most kTlsBatchBytes of ciphertext wait in a connection; the rest waits as shared
//         plaintext, encrypted when the kernel has room.
#pragma once

#include <memory>
#include <string>

#include "base/problem.h"
#include "net/tls_context.h"
#include "net/transport.h"

namespace butai::net {

std::shared_ptr<Transport> make_tls_server(Loop& loop, int fd, Traffic traffic,
                                           ssl_ctx_st& context);

struct TlsTrust {
  std::string ca_file;  // empty: the system's
  std::string pin;      // SHA-256 of the leaf's DER, hex; then no CA is asked
};
// Trust for clients; fails when the CA file cannot be read or the pin is no SHA-256.
Expected<SslContext> make_tls_client_context(const TlsTrust& trust);
// `host`: the name that the certificate must carry, a DNS name or an address. `pin` as above.
std::shared_ptr<Transport> make_tls_client(Loop& loop, int fd, Traffic traffic, ssl_ctx_st& context,
                                           const std::string& host, const std::string& pin);

}  // namespace butai::net
