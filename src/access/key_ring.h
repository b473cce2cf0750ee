// The keys that tokens may be signed with, and which algorithm each is for. The algorithm comes
// from us, never from a token.
//   our secret      HS256, kid "butai"
//   JWKS documents  RS256 (RSA of 2048 bits at least) and ES256 (P-256), by kid
// Flow:   Secret, Jwks -> KeyRing -> TokenVerifier
// Thread: any; keys are immutable, the list is swapped under a mutex that is held for one copy of a
//         pointer.
// Limits: kJwksKeysMax.  Spec: RFC 7517, RFC 7518.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "access/secret.h"
#include "base/problem.h"

struct _cjose_jwk_int;  // cjose's name for a key

namespace butai::access {

enum class Algorithm : std::uint8_t { HS256, RS256, ES256 };
std::string_view name_of(Algorithm algorithm);

struct Key {
  std::string kid;
  Algorithm algorithm = Algorithm::HS256;
  std::shared_ptr<_cjose_jwk_int> jwk;
  std::shared_ptr<_cjose_jwk_int> previous;  // what it signed is still good; null: none
  bool weak = false;                         // for loopback only
};
using Keys = std::vector<Key>;

inline constexpr std::string_view kOwnKeyId = "butai";

Key key_of(const Secret& secret, const Secret* previous = nullptr);

// Keys of a JWKS document that we can use; symmetric keys, encryption keys, small RSA keys, other
// curves and algorithms are left out. Fails when nothing is left or the document is none.
Expected<Keys> parse_jwks(std::string_view json);

class KeyRing {
 public:
  explicit KeyRing(Key own) : keys_(std::make_shared<const Keys>(Keys{std::move(own)})) {}

  std::shared_ptr<const Keys> keys() const;
  // Our own key stays; every other is replaced.
  void replace_others(Keys others);

  // A token named a key that is not here; whoever fetches keys may look for news. Before threads.
  void on_missing(std::function<void()> callback) { missing_ = std::move(callback); }
  void report_missing() const {
    if (missing_) missing_();
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;
  std::function<void()> missing_;
};

}  // namespace butai::access
