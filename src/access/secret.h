// The one secret of an installation, and what is derived from it.
//   configured ([auth] secret, BUTAI_AUTH_SECRET): its bytes as they are
//   otherwise DATA/keys/secret: 43 characters (32 random bytes in base64url), made at first start
// The text of the file is the key itself, so moving it into the configuration changes nothing.
// A secret that is short or published is weak: what it signs is accepted from loopback only (the
// AccessGuard refuses the rest).
// Flow:   app/ at start -> load_secret -> TokenVerifier, TokenMinter, Plays, Tickets
// Thread: loaded at start, then read by all.
// Limits: 32 bytes at least to be strong, 4 KiB at most.
#pragma once

#include <string>
#include <string_view>

#include "access/mac.h"
#include "base/bytes.h"
#include "base/problem.h"
#include "base/random.h"

namespace butai::access {

class Secret {
 public:
  explicit Secret(std::string text);
  ByteView bytes() const { return as_bytes(text_); }
  bool weak() const { return weak_; }
  // A key of its own for one purpose; knowing it tells nothing about the others.
  Key32 derived(std::string_view purpose) const;

 private:
  std::string text_;
  bool weak_;
};

// `configured` empty: from DATA/keys/secret, which is made if it is not there.
Expected<Secret> load_secret(const std::string& configured, const std::string& data_folder,
                             Random& random);

}  // namespace butai::access
