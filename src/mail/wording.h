// What letters say, in Japanese and English: plain text with {NAME} filled in, so that a title can carry no
// markup. A NAME is looked up as NAME_ja or NAME_en first.
// Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "mail/letter.h"

namespace butai::mail {

struct Worded {
  std::string subject, body;
};
// `values` has {link}, {site} and what the kind needs (letter.h); a name without a value is left empty.
Worded worded(Kind kind, std::string_view language, const Values& values);

}  // namespace butai::mail
