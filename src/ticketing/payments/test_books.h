// The books of the built-in test provider: what it believes of each payment, kept apart from ours so
// that the two can be compared. It moves no money; its cards choose what goes wrong.
//   answer()   to our calls: create, cancel, refund, ask; a key is done once
//   pay()      what the card page sends
//   tell()     what an operator makes happen: a store's till, a dispute, a refund at the provider
//   events_due()  webhooks whose time has come, in the order in which this provider sends them
// Thread: that of its own database, inside one transaction.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/migrations.h"
#include "ticketing/payments/provider.h"
#include "ticketing/work.h"

namespace butai::ticketing {

std::span<const store::Migration> test_books_tables();

// How a payment's webhooks behave.
enum class Sending : std::uint8_t {
  Plain,
  Twice,
  Late,         // a minute and a half
  Shuffled,     // the capture's comes ten seconds after everything else
  Never,        // the answer to the buyer's browser is lost as well
  WrongAmount,  // one yen more than was sold
  WrongMode,    // says that it was real money
  Forged,       // signed by somebody else
};

struct TestCard {
  std::string_view number;
  enum class Does : std::uint8_t { Pay, Decline, Challenge, PayThenDispute } does = Does::Pay;
  Sending sending = Sending::Plain;
  std::string_view text;
};
std::span<const TestCard> test_cards();

Answer answer(Work& work, const Call& call);

enum class Paid : std::uint8_t { Yes, Declined, Challenge, NoAnswer, NotOpen };
// `card` as it was typed: spaces do not count.
Paid pay(Work& work, std::string_view payment, std::string_view card);
// The buyer answered the bank's question (3-D Secure).
Paid answer_challenge(Work& work, std::string_view payment, bool yes);

enum class Told : std::uint8_t {
  StorePaid,
  Refunded,
  DisputeOpened,
  DisputeWon,
  DisputeLost,
  Expired
};
bool tell(Work& work, std::string_view payment, Told what);

std::optional<PaymentFacts> facts_of(Work& work, std::string_view payment);
// The order that the payment is for, where the buyer goes back to.
std::string order_of_payment(Work& work, std::string_view payment);

struct SentEvent {
  std::string body;
  bool forged = false;
};
std::vector<SentEvent> events_due(Work& work);

// A webhook's body, read again; and its signature: "t=SECONDS,v1=HEX" over "SECONDS.BODY".
std::string sign_webhook(std::string_view secret, std::string_view body, Utc now);
std::expected<WebhookEvent, WebhookFault> read_test_webhook(std::string_view secret,
                                                            std::string_view signature,
                                                            std::string_view body, Utc now);

}  // namespace butai::ticketing
