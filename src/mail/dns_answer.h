// What a name server answered about a domain's mail: bytes of a stranger, read without trust in any length.
// Thread: any; pure.
// Spec:   RFC 1035 sections 3.3.14 and 4.1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace butai::mail {

// The texts of TXT records, each joined from its strings; for another type (ns_t_…) a word for each record.
// Nothing: it is no answer.
std::optional<std::vector<std::string>> records_in(ByteView answer, int type);

}  // namespace butai::mail
