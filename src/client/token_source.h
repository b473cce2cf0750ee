// Where a token comes from: the option, a file that somebody renews, or the environment.
// Thread: its owner's loop.
// Limits: kTokenBytesMax of a file.
#pragma once

#include <optional>
#include <string>

#include "net/http.h"

namespace butai::client {

class TokenSource {
 public:
  // The first that is not empty counts: `token`, `file`, the environment's BUTAI_TOKEN.
  TokenSource(std::string token, std::string file);

  const std::string& token() const { return token_; }
  // Reads the file again; true when what is in it is new (and not empty).
  bool refresh();
  // Authorization with the token, or nothing.
  net::Headers headers() const;

 private:
  std::string token_;
  std::string file_;
};

}  // namespace butai::client
