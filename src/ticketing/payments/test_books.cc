#include "ticketing/payments/test_books.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ticketing/payments/test_webhook.h"

namespace butai::ticketing {
namespace {

using store::Row;
using Does = TestCard::Does;

constexpr store::Migration kTables[] = {
    {1, "payment",
     "CREATE TABLE payment ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL, order_id VARCHAR(32) NOT NULL,"
     " method VARCHAR(16) NOT NULL, amount BIGINT NOT NULL, currency VARCHAR(3) NOT NULL,"
     " captured BIGINT NOT NULL DEFAULT 0, refunded BIGINT NOT NULL DEFAULT 0,"
     " dispute BIGINT NOT NULL DEFAULT 0, gone BIGINT NOT NULL DEFAULT 0,"
     " challenge BIGINT NOT NULL DEFAULT 0, sending BIGINT NOT NULL DEFAULT 0,"
     " pay_until BIGINT NOT NULL)"},
    {2, "idempotency_key",
     "CREATE TABLE idempotency_key (word VARCHAR(48) PRIMARY KEY NOT NULL, asked TEXT NOT NULL)"},
    {3, "sent_event",
     "CREATE TABLE sent_event ("
     " number BIGINT PRIMARY KEY NOT NULL, payment VARCHAR(32) NOT NULL, body TEXT NOT NULL,"
     " forged BIGINT NOT NULL, copies BIGINT NOT NULL, send_at BIGINT NOT NULL)"},
    {4, "sent_event_due", "CREATE INDEX sent_event_due ON sent_event (copies, send_at)"},
};

constexpr std::array kCards{
    TestCard{"4242424242424242", Does::Pay, Sending::Plain, "is paid"},
    TestCard{"4000000000000002", Does::Decline, Sending::Plain, "is declined"},
    TestCard{"4000000000003220", Does::Challenge, Sending::Plain, "asks 3-D Secure first"},
    TestCard{"4000000000000259", Does::PayThenDispute, Sending::Plain, "is paid, then disputed"},
    TestCard{"4000000000000119", Does::Pay, Sending::Never, "is paid, and nobody hears of it"},
    TestCard{"4000000000001001", Does::Pay, Sending::Twice, "is paid, the webhook comes twice"},
    TestCard{"4000000000001002", Does::Pay, Sending::Late, "is paid, the webhook comes late"},
    TestCard{"4000000000001003", Does::Pay, Sending::WrongAmount, "webhook: wrong amount"},
    TestCard{"4000000000001004", Does::Pay, Sending::WrongMode, "webhook: real money"},
    TestCard{"4000000000001005", Does::Pay, Sending::Forged, "webhook: forged"},
    TestCard{"4000000000001006", Does::Pay, Sending::Shuffled, "webhooks in another order"},
};

constexpr Seconds kLate{90};
constexpr Seconds kShuffle{10};

struct Book {
  PaymentFacts facts;
  std::string order;
  std::string method;
  bool challenge = false;
  Sending sending = Sending::Plain;
};

std::optional<Book> find(Work& work, std::string_view id) {
  const auto row = work.sql.row(
      "SELECT id, order_id, method, amount, currency, captured, refunded, dispute, gone, challenge,"
      " sending, pay_until FROM payment WHERE id = ?",
      {id});
  if (!row) return std::nullopt;
  Book book;
  book.facts.payment = row->text(0);
  book.order = row->text(1);
  book.method = row->text(2);
  book.facts.amount = {row->number(3), row->text(4)};
  book.facts.captured = row->number(5);
  book.facts.refunded = row->number(6);
  book.facts.dispute = static_cast<Dispute>(row->number(7));
  book.facts.gone = row->yes(8);
  book.challenge = row->yes(9);
  book.sending = static_cast<Sending>(row->number(10));
  if (book.method == "konbini") {
    book.facts.store_deadline = utc_of(row->number(11));
    // Six digits, as stores print them; they follow from the payment, so they are always the same.
    std::uint32_t sum = 0;
    for (const char c : book.facts.payment) sum = sum * 31 + static_cast<unsigned char>(c);
    book.facts.number = fmt::format("{:06}", sum % 1'000'000);
  }
  book.facts.url = "/test-payments/" + book.facts.payment;
  return book;
}

void write(Work& work, const Book& book) {
  work.sql.run(
      "UPDATE payment SET captured = ?, refunded = ?, dispute = ?, gone = ?, challenge = ?,"
      " sending = ? WHERE id = ?",
      {book.facts.captured, book.facts.refunded, static_cast<int>(book.facts.dispute),
       book.facts.gone, book.challenge, static_cast<int>(book.sending), book.facts.payment});
}

void send(Work& work, const Book& book, bool is_capture) {
  if (book.sending == Sending::Never) return;
  const std::int64_t number = work.sql.number("SELECT MAX(number) FROM sent_event") + 1;
  PaymentFacts facts = book.facts;
  if (book.sending == Sending::WrongAmount) ++facts.amount.minor;
  if (book.sending == Sending::WrongMode) facts.live = true;
  Utc at = work.now;
  if (book.sending == Sending::Late) at += kLate;
  if (book.sending == Sending::Shuffled && is_capture) at += kShuffle;
  // The payment's name makes the number one of this provider, whichever books it writes in.
  const std::string id = fmt::format("evt_{}_{}", number, facts.payment);
  work.sql.run(
      "INSERT INTO sent_event (number, payment, body, forged, copies, send_at)"
      " VALUES (?, ?, ?, ?, ?, ?)",
      {number, facts.payment, write_test_webhook(id, facts), book.sending == Sending::Forged,
       book.sending == Sending::Twice ? 2 : 1, micros_of(at)});
}

Paid capture(Work& work, Book book) {
  book.facts.captured = book.facts.amount.minor;
  book.challenge = false;
  write(work, book);
  send(work, book, true);
  return book.sending == Sending::Never ? Paid::NoAnswer : Paid::Yes;
}

void create(Work& work, const Call& call) {
  work.sql.run(
      "INSERT INTO payment (id, order_id, method, amount, currency, pay_until)"
      " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
      {call.payment, call.order, call.method, call.amount.minor, call.amount.currency,
       micros_of(call.pay_until)});
}

void cancel(Work& work, Book book) {
  if (book.facts.captured > 0 || book.facts.gone) return;
  book.facts.gone = true;
  write(work, book);
  send(work, book, false);
}

bool give_back(Work& work, Book book, std::int64_t amount) {
  const std::int64_t most = book.facts.captured - book.facts.refunded;
  if (amount <= 0 || amount > most) return false;
  book.facts.refunded += amount;
  write(work, book);
  send(work, book, false);
  return true;
}

bool set_dispute(Work& work, Book book, Dispute dispute) {
  const bool over = book.facts.dispute == Dispute::Won || book.facts.dispute == Dispute::Lost;
  if (book.facts.captured == 0 || over || book.facts.dispute == dispute) return false;
  book.facts.dispute = dispute;
  write(work, book);
  send(work, book, false);
  return true;
}

// False: this key was used for something else.
enum class Key : std::uint8_t { New, Known, Different };
Key use_key(Work& work, const Call& call) {
  const std::string asked = fmt::format("{} {} {} {}", name_of(call.kind), call.payment,
                                        call.amount.minor, call.amount.currency);
  if (work.sql.run("INSERT INTO idempotency_key (word, asked) VALUES (?, ?)"
                   " ON CONFLICT (word) DO NOTHING",
                   {call.key, asked}) == 1) {
    return Key::New;
  }
  const auto row = work.sql.row("SELECT asked FROM idempotency_key WHERE word = ?", {call.key});
  return row && row->text(0) == asked ? Key::Known : Key::Different;
}

}  // namespace

std::span<const store::Migration> test_books_tables() { return kTables; }
std::span<const TestCard> test_cards() { return kCards; }

Answer answer(Work& work, const Call& call) {
  const Key key = call.kind == Call::Kind::Ask ? Key::Known : use_key(work, call);
  if (key == Key::Different) return std::unexpected(CallFault::Refused);
  if (key == Key::New) {
    if (call.kind == Call::Kind::Create) create(work, call);
    const auto book = find(work, call.payment);
    if (book && call.kind == Call::Kind::Cancel) cancel(work, *book);
    if (book && call.kind == Call::Kind::Refund && !give_back(work, *book, call.amount.minor)) {
      return std::unexpected(CallFault::Refused);
    }
  }
  auto book = find(work, call.payment);
  if (!book) {
    return std::unexpected(call.kind == Call::Kind::Ask ? CallFault::Unknown : CallFault::Refused);
  }
  return book->facts;
}

Paid pay(Work& work, std::string_view payment, std::string_view card) {
  auto book = find(work, payment);
  if (!book || book->method != "card" || book->facts.gone || book->facts.captured > 0) {
    return Paid::NotOpen;
  }
  std::string digits;
  std::ranges::copy_if(card, std::back_inserter(digits), [](char c) { return c != ' '; });
  const auto known = std::ranges::find(kCards, digits, &TestCard::number);
  if (known == kCards.end() || known->does == Does::Decline) return Paid::Declined;
  book->sending = known->sending;
  if (known->does == Does::Challenge) {
    book->challenge = true;
    write(work, *book);
    return Paid::Challenge;
  }
  const Paid paid = capture(work, *book);
  if (known->does == Does::PayThenDispute) {
    if (const auto now = find(work, payment)) set_dispute(work, *now, Dispute::Open);
  }
  return paid;
}

Paid answer_challenge(Work& work, std::string_view payment, bool yes) {
  auto book = find(work, payment);
  if (!book || !book->challenge || book->facts.gone) return Paid::NotOpen;
  if (yes) return capture(work, *book);
  book->challenge = false;
  write(work, *book);
  return Paid::Declined;
}

bool tell(Work& work, std::string_view payment, Told what) {
  auto book = find(work, payment);
  if (!book) return false;
  switch (what) {
    case Told::StorePaid:
      if (book->method != "konbini" || book->facts.gone || book->facts.captured > 0) return false;
      capture(work, *book);
      return true;
    case Told::Refunded:
      return give_back(work, *book, book->facts.captured - book->facts.refunded);
    case Told::DisputeOpened:
      return set_dispute(work, *book, Dispute::Open);
    case Told::DisputeWon:
      return set_dispute(work, *book, Dispute::Won);
    case Told::DisputeLost:
      return set_dispute(work, *book, Dispute::Lost);
    case Told::Expired:
      cancel(work, *book);
      return true;
  }
  return false;
}

std::optional<PaymentFacts> facts_of(Work& work, std::string_view payment) {
  const auto book = find(work, payment);
  return book ? std::optional(book->facts) : std::nullopt;
}

std::string order_of_payment(Work& work, std::string_view payment) {
  const auto book = find(work, payment);
  return book ? book->order : "";
}

std::vector<SentEvent> events_due(Work& work) {
  std::vector<SentEvent> due;
  for (const Row& row : work.sql.rows(
           "SELECT number, body, forged, copies FROM sent_event WHERE copies > 0 AND send_at <= ?"
           " ORDER BY send_at, number LIMIT 64",
           {work.micros()})) {
    due.insert(due.end(), static_cast<std::size_t>(row.number(3)), {row.text(1), row.yes(2)});
    work.sql.run("UPDATE sent_event SET copies = 0 WHERE number = ?", {row.number(0)});
  }
  return due;
}

}  // namespace butai::ticketing
