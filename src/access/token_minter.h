// Makes bearer tokens with our own secret: for `butai token mint`, POST /token, and tests.
// Thread: any. Spec: RFC 7519; header {"alg":"HS256","kid":"butai","typ":"JWT"}.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/key_ring.h"
#include "access/token_verifier.h"
#include "base/clock.h"
#include "base/problem.h"
#include "base/random.h"

namespace butai::access {

class TokenMinter {
 public:
  // `rules` are the verifier's, so that what is minted here is accepted there.
  TokenMinter(const Secret& secret, const Clock& clock, Random& random, VerifierRules rules);

  // A token valid from now for `life`. Refuses a subject or a scope that the verifier would not
  // take, with a sentence.
  Expected<std::string> mint(std::string_view subject, const std::vector<std::string>& scopes,
                             Seconds life) const;
  bool weak() const { return key_.weak; }

 private:
  Key key_;
  const Clock& clock_;
  Random& random_;
  VerifierRules rules_;
};

}  // namespace butai::access
