// The key that wraps all other keys in the database: whoever has the database alone has nothing.
//   configured ([drm] master_key, or master_key_file: a secrets mount)
//   otherwise DATA/keys/master: 64 hexadecimal digits, made at first start
// Keys are wrapped with AES-256-GCM; the key id and what it is for are authenticated with it, so that
// a row cannot be put in another's place.
// Flow:   app/ at start -> load_master_key -> Vault
// Thread: loaded at start, then read by the database's thread and commands.
// Spec:   NIST SP 800-38D; 96-bit random nonces, far fewer than 2^32 of them.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/problem.h"
#include "base/random.h"
#include "drm/content_key.h"
#include "keys/limits.h"

namespace butai::keys {

class MasterKey {
 public:
  // 64 hexadecimal digits.
  static Expected<MasterKey> parse(std::string_view text);
  MasterKey(const MasterKey&) = default;
  MasterKey& operator=(const MasterKey&) = default;
  ~MasterKey();

  // What a row says it was wrapped with: it tells nothing of the key itself.
  std::string id() const;
  // base64 of nonce, ciphertext, tag; `name` is authenticated.
  std::string wrap(const drm::KeyBytes& key, std::string_view name, Random& random) const;
  // Nothing when it was wrapped by another key, under another name, or was changed.
  std::optional<drm::KeyBytes> unwrap(std::string_view wrapped, std::string_view name) const;

 private:
  MasterKey() = default;
  std::array<std::uint8_t, kMasterKeyBytes> bytes_{};
};

struct MasterKeySource {
  std::string text;         // [drm] master_key
  std::string file;         // [drm] master_key_file
  std::string data_folder;  // where one is made when neither is given
};
Expected<MasterKey> load_master_key(const MasterKeySource& source, Random& random);

}  // namespace butai::keys
