// Bounds of the sale; each with its unit and reason.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace butai::ticketing {

// How long a seat waits for a buyer who reads the confirm page, and then for one who looks for a card.
inline constexpr Seconds kHoldTime{15 * 60};
inline constexpr Seconds kCardTime{30 * 60};
// Convenience stores give until the end of the third day; sale's end and doors may come first.
inline constexpr std::chrono::days kStoreDays{3};

// A store's number is worth nothing to somebody who has no time left to walk there.
inline constexpr Seconds kStoreTimeLeast{3 * 3600};
inline constexpr Seconds kStoreBeforeDoors{
    3600};  // so that the ticket is there when the doors open
inline constexpr std::int64_t kStorePriceMax = 300'000;  // yen; what tills take

// A provider that did not answer is asked again with the same key: after 5 s, 10 s, … 5 minutes.
inline constexpr Seconds kCallAgainFirst{5};
inline constexpr Seconds kCallAgainMost{300};
// An order that is not settled is asked about so often, whatever webhooks said.
inline constexpr Seconds kAskEvery{60};
// Money that came may go again without a webhook: settled payments are asked about for four months.
inline constexpr Seconds kAskSettledEvery{3600};
inline constexpr Seconds kAskSettledFor{120 * 24 * 3600};
inline constexpr std::int64_t kCallsAtOnce = 64;  // of one look for work
// A payment that nobody knows to have been made, so long after its time: the buyer was never given
// what it is paid with, and the seats are free again.
inline constexpr Seconds kGiveUpCreating{900};
// Webhooks: how far the time in a signature may be off, both ways, and what of them is read.
inline constexpr Seconds kWebhookAge{300};
inline constexpr std::size_t kWebhookBytesMax = 256 * 1024;  // a charge with all its details: 20 kB
inline constexpr std::size_t kWebhookJsonDepthMax = 16;
inline constexpr std::size_t kSignatureBytesMax = 2048;  // two secrets while one is changed: 150
inline constexpr std::size_t kEventIdBytesMax = 80;      // as webhook_event.id keeps it
inline constexpr std::size_t kPaymentIdBytesMax = 32;
inline constexpr std::size_t kReferenceBytesMax = 64;
inline constexpr std::size_t kRefundIdBytesMax = 39;  // with "returned " it is a ledger.reference
inline constexpr std::int64_t kHoldsEndedAtOnce = 256;

inline constexpr std::int64_t kQuantityMax = 10;     // tickets of one order
inline constexpr std::int64_t kPerAccountMax = 100;  // of one ticket type
inline constexpr std::int64_t kOrdersListed = 100;   // of one page of a list

inline constexpr std::size_t kAddresseeBytesMax = 300;  // a hundred characters of Japanese
inline constexpr std::int64_t kReceiptsMax = 20;        // of one order

inline constexpr std::size_t kSalesPointsMax = 400;  // of a plot; hours of two weeks

// Webhooks of ours: again after 5 s, 10 s, … an hour, for three days.
inline constexpr Seconds kHookAgainFirst{5};
inline constexpr Seconds kHookAgainMost{3600};
inline constexpr Seconds kHookFor{3 * 24 * 3600};
inline constexpr std::int64_t kHooksAtOnce = 64;         // of one look
inline constexpr std::size_t kPlaysWaitingMax = 50'000;  // of one second
inline constexpr std::size_t kHookSecretMin = 32;        // characters

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

// Letters that remind, before the doors: late enough to be read at the right time, early enough to charge a
// phone.
inline constexpr Seconds kRemindBefore{3600};

// How soon a node sees what another one sold, refunded or changed.
inline constexpr Seconds kLookEvery{1};

}  // namespace butai::ticketing
