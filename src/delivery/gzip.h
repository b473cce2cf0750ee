// A text compressed once for all who take it so.
// Thread: pure function, any.
// Spec:   RFC 1952 (gzip).
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace butai::delivery {

// The same bytes for the same text: no time and no name in the head.
Bytes gzip(std::string_view text);

}  // namespace butai::delivery
