// The server's key and certificate chain, ready for handshakes; looked at again when a file changes.
// Connections that are open keep what they started with.
// Thread: any. A mutex guards the current context: it is taken once per TLS connection.
// Spec:   TLS 1.2 and 1.3 (RFC 8446); ALPN h2 and http/1.1 (RFC 7301); session tickets.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "base/problem.h"
#include "base/time.h"
#include "net/server.h"

struct ssl_ctx_st;

namespace butai::net {

using SslContext = std::shared_ptr<ssl_ctx_st>;

class TlsContext {
 public:
  static Expected<std::shared_ptr<TlsContext>> make(TlsFiles files);
  explicit TlsContext(TlsFiles files, SslContext first);

  // Looks at the files' times at most once a second. A broken new pair is reported and not used.
  SslContext current(Steady now);

 private:
  struct Times {
    std::filesystem::file_time_type certificate;
    std::filesystem::file_time_type key;
    friend bool operator==(const Times&, const Times&) = default;
  };
  static Times times_of(const TlsFiles& files);

  const TlsFiles files_;
  std::mutex mutex_;
  SslContext context_;
  Times times_;
  Steady looked_;
};

// What the TLS library last complained about on this thread, for a sentence.
std::string tls_reason();

}  // namespace butai::net
