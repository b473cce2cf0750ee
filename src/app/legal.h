// What the law wants a seller to say, from [legal]: texts in Japanese, and with `_en` in English.
// Thread: values.
#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>

#include "app/config.h"

namespace butai::app {

struct LegalKey {
  std::string_view section;  // legal
  std::string_view name;     // "seller"; "seller_en" is another
  std::string_view expects;  // for people
  bool needed = false;       // before anything is sold
};
std::span<const LegalKey> legal_keys();

// Terms and privacy that are files are read once, at start and reload: from then on they are the text.
Expected<void> read_legal_documents(Config& config);

// Empty: events may go on sale. Else the sentence that names the keys that are missing. Where the test
// provider has its operator (demo and tests) nobody sells anything.
std::string why_nothing_is_sold(const Config& config);

// As GET /api/v1/legal tells it, without what pages load from elsewhere.
boost::json::object legal_json(const Config& config);

}  // namespace butai::app
