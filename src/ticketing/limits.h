// Bounds of the sale; each with its unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::ticketing {

// How long a seat waits for a buyer who reads the confirm page, and then for one who looks for a card.
inline constexpr Seconds kHoldTime{15 * 60};
inline constexpr Seconds kCardTime{30 * 60};
// Convenience stores give three days as a rule; the sale's end comes first if it is earlier.
inline constexpr Seconds kStoreTime{3 * 24 * 3600};

// A provider that did not answer is asked again with the same key: after 5 s, 10 s, … 5 minutes.
inline constexpr Seconds kCallAgainFirst{5};
inline constexpr Seconds kCallAgainMost{300};
// An order that is not settled is asked about so often, whatever webhooks said.
inline constexpr Seconds kAskEvery{60};
// Money that came may go again without a webhook: settled payments are asked about for four months.
inline constexpr Seconds kAskSettledEvery{3600};
inline constexpr Seconds kAskSettledFor{120 * 24 * 3600};
inline constexpr std::int64_t kCallsAtOnce = 64;  // of one look for work
inline constexpr std::int64_t kHoldsEndedAtOnce = 256;

inline constexpr std::int64_t kQuantityMax = 10;     // tickets of one order
inline constexpr std::int64_t kPerAccountMax = 100;  // of one ticket type
inline constexpr std::int64_t kOrdersListed = 100;   // of one page of a list

// Viewers without a heartbeat for so long have left their seat; when they come back it is theirs again
// if it is free.
inline constexpr Seconds kSeatUnseen{120};
// Minutes missed: how often viewers are looked at and what they missed is written down, and after how
// long without a question a player that asks every few seconds was cut off.
inline constexpr Seconds kLookAtViewersEvery{2};
inline constexpr Seconds kWriteMissedEvery{10};
inline constexpr Seconds kSilence{15};
// Players have some seconds in hand when the end comes; nobody is cut off before the last note.
inline constexpr Seconds kAfterEnd{60};
// And players are told so much before that: who plays 12 s behind has then seen everything.
inline constexpr Seconds kToldAfterEnd{30};

// Texts of an event, in bytes.
inline constexpr std::size_t kTitleBytesMax = 400;
inline constexpr std::size_t kTextBytesMax = 20'000;
inline constexpr std::size_t kPerformancesMax = 50;        // of an event
inline constexpr std::size_t kTicketTypesMax = 50;         // of an event
inline constexpr std::size_t kChannelsMax = 16;            // of a performance
inline constexpr std::size_t kArtworkBytesMax = 2u << 20;  // a poster as cameras save it
inline constexpr std::int64_t kPriceMax = 100'000'000;

// How soon a node sees what another one sold, refunded or changed.
inline constexpr Seconds kLookEvery{1};

}  // namespace butai::ticketing
