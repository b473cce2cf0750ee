// Licenses of a viewer without a screen: asked for as a player does, so that a check sees the whole way.
// ClearKey's are asked for with the key ids of `init`; where the play says so (license_tokens), the DRM
// service itself is asked, with what our server signed for this play in a header. A key system's module is
// not here: the service gets the question for its certificate, which every service answers.
// Flow:   play's answer, init -> LicenseAsker -> /license/clearkey, or /license/SYSTEM/token -> service -> Seen
// Thread: the loop that was given.
// Limits: one question per set of key ids; kConnectTime each.
// Spec:   W3C Encrypted Media Extensions (2017) clause 9.1.3.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/seen.h"
#include "net/client.h"

namespace butai::client {

class LicenseAsker {
 public:
  using Say = std::function<void(const std::string& sentence)>;

  LicenseAsker(net::Loop& loop, Seen& seen, Say say)
      : loop_(loop), seen_(seen), say_(std::move(say)) {}

  // Of the newest play; `options` reach our server (pin, authority).
  void know(std::string license_url, bool tokens, net::ClientOptions options);
  // Hexadecimal, as `init` names them.
  void ask(const std::vector<std::string>& kids);

 private:
  void ask_clear_key(const std::vector<std::string>& kids);
  void ask_for_token(std::size_t system);
  void ask_service(std::string_view token_answer);
  void given();
  void refused(std::string_view who, int status, std::string_view body);

  net::Loop& loop_;
  Seen& seen_;
  Say say_;
  std::string url_;  // before /clearkey; empty: nothing is protected
  bool tokens_ = false;
  net::ClientOptions options_;
  std::set<std::string> asked_;
};

}  // namespace butai::client
