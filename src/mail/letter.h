// A letter as its cause writes it: to whom, about what, with which words filled in.
// Thread: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace butai::mail {

enum class Kind : std::uint8_t {
  Verify,       // a link that proves the address
  Reset,        // a link that sets a new password
  Held,         // ordered; a payment is waited for
  Confirmed,    // ordered; nothing was to be paid
  StoreNumber,  // what to say at the store's till, and until when
  Paid,
  LateSeat,    // paid after its time was over, and there was a seat left
  LateRefund,  // paid after its time was over, and sold out
  Reminder,    // doors open soon
  Delayed,
  Refunded,
};
inline constexpr std::size_t kKinds = 11;
std::string_view name_of(Kind kind);
std::optional<Kind> kind_of(std::string_view name);

// What {NAME} in the wording stands for. NAME_ja and NAME_en where the languages differ.
//   every kind     path: where its link leads, e.g. /orders/or_1
//   Verify, Reset  proof: an id, of which the post office makes what follows the path
//   of the sale    event_ja, event_en; order, total_ja, total_en; until_ja, until_en; number; start_ja, …
using Values = std::vector<std::pair<std::string, std::string>>;

struct Letter {
  std::string key;      // a second letter of the same key is not written
  std::string account;  // its id; address and language are those of now
  Kind kind = Kind::Verify;
  Values values;
  std::optional<Utc> until = {};  // nobody needs it later; otherwise kKeptFor
};

}  // namespace butai::mail
