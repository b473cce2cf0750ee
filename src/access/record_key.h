// The key that signs what an installation says in writing (records of destruction), so that anybody can
// check it later without asking the server.
//   derived from the installation's secret: every node signs with the same key, and nothing more is kept
// Flow:   app/ at start -> RecordKey -> ticketing/catalog/destruction.h; `butai event verify-record`
// Thread: any; it never changes.
// Spec:   RFC 8032 (Ed25519).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "access/secret.h"

namespace butai::access {

class RecordKey {
 public:
  explicit RecordKey(const Secret& secret);
  ~RecordKey();
  RecordKey(const RecordKey&) = delete;
  RecordKey& operator=(const RecordKey&) = delete;

  std::string public_key() const;                 // 32 bytes in base64url
  std::string sign(std::string_view text) const;  // 64 bytes in base64url

  // Whether `text` is what the owner of `public_key` signed.
  static bool verifies(std::string_view public_key, std::string_view text,
                       std::string_view signature);

 private:
  std::array<std::uint8_t, 32> public_{};
  std::array<std::uint8_t, 64> private_{};
};

}  // namespace butai::access
