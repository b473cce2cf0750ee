// Bounds of mail/; each with its unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::mail {

inline constexpr std::size_t kAddressBytesMax = 254;  // RFC 5321 section 4.5.3.1.3, without <>
inline constexpr std::size_t kLocalBytesMax = 64;     // RFC 5321 section 4.5.3.1.1
inline constexpr std::size_t kLineBytesMax = 76;      // RFC 2045 section 6.7; encoded words 75
inline constexpr std::size_t kSubjectBytesMax = 400;  // a title of the sale and the words around it
inline constexpr std::size_t kReasonBytesMax = 200;   // what is kept of a server's words

inline constexpr Seconds kLookEvery{1};             // for letters that other nodes or work queued
inline constexpr std::int64_t kLettersAtOnce = 16;  // of one look; each is a conversation
// A server that cannot now is asked again after 30 s, 1 min, 2 min … 1 h.
inline constexpr Seconds kAgainFirst{30};
inline constexpr Seconds kAgainMost{3600};
// Nobody reads a receipt of the day before yesterday as news.
inline constexpr Seconds kKeptFor{2 * 24 * 3600};
// One conversation; who holds a letter longer has died.
inline constexpr Seconds kConversation{60};
inline constexpr Seconds kHeldMost{30 * 60};

}  // namespace butai::mail
