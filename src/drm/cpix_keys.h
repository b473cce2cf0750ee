// Opens a CPIX document whose keys came encrypted: the document key is wrapped for our certificate,
// each content key is AES-256-CBC under it, and its MAC is checked before it is opened.
// Flow:   keys (SPEKE client) -> here
// Thread: pure, any.
// Spec:   CPIX 2.3 clause 8 (as SPEKE 2.0 narrows it): RSA-OAEP-MGF1-SHA1, HMAC-SHA512.
#pragma once

#include <openssl/evp.h>

#include "base/problem.h"
#include "drm/cpix.h"

namespace butai::drm {

// Fills in `key` of every ContentKey that has a cipher value. Refuses the whole document when one
// MAC is wrong.
Expected<void> open_keys(Cpix& cpix, EVP_PKEY* private_key);

}  // namespace butai::drm
