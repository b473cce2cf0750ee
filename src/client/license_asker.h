// Licenses of a viewer without a screen: asked for as a player does, so that a check sees the whole way.
// ClearKey's are asked for with the key ids of `init`, and its keys go to whoever opens the samples; where
// the play says so (license_tokens), the DRM
// service itself is asked, with what our server signed for this play in a header. A key system's module is
// not here: the service gets the question for its certificate, which every service answers.
// Flow:   play's answer, init -> LicenseAsker -> /license/clearkey -> Opener
//                                             or /license/SYSTEM/token -> service; figures -> Seen
// Thread: the loop that was given.
// Limits: one question per set of key ids, and another when it was refused; kConnectTime each.
// Spec:   W3C Encrypted Media Extensions (2017) clause 9.1.3.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/opener.h"
#include "client/seen.h"
#include "net/client.h"

namespace butai::client {

class LicenseAsker {
 public:
  using Say = std::function<void(const std::string& sentence)>;

  LicenseAsker(net::Loop& loop, const Clock& clock, Seen& seen, Opener& opener, Say say)
      : loop_(loop), clock_(clock), seen_(seen), opener_(opener), say_(std::move(say)) {}

  // Of the newest play, or beside the socket's address. `options` reach our server (pin, authority), with
  // the token when the address carries no right itself.
  void know(std::string license_url, bool tokens, net::ClientOptions options);
  // Hexadecimal, as `init` names them.
  void ask(const std::vector<std::string>& kids);

 private:
  struct Question {
    std::vector<std::string> kids;  // 32 hexadecimal digits
    Steady asked_at;
  };
  void ask_clear_key(const Question& question);
  void take_clear_key(const Question& question, const net::ClientResponse& answer);
  void ask_for_token(const Question& question, std::size_t system);
  void ask_service(const Question& question, std::string_view token_answer);
  void given(const Question& question);
  void refused(const Question& question, std::string_view who, int status, std::string_view body);

  net::Loop& loop_;
  const Clock& clock_;
  Seen& seen_;
  Opener& opener_;
  Say say_;
  std::string url_;  // before /clearkey; empty: nothing is protected
  bool tokens_ = false;
  net::ClientOptions options_;
  std::set<std::vector<std::string>> asked_;
};

}  // namespace butai::client
