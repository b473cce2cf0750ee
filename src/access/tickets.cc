#include "access/tickets.h"

#include <algorithm>

#include "access/limits.h"
#include "access/scopes.h"
#include "access/sealed.h"

namespace butai::access {
namespace {

constexpr std::uint8_t kVersion = 1;

struct Contents {
  Id128 id{};
  Utc expires;
  net::Principal principal;
};

std::optional<Contents> read_contents(ByteView record) {
  RecordReader reader(record);
  const std::uint64_t version = reader.number(1);
  Contents contents;
  std::ranges::copy(reader.take(contents.id.size()), contents.id.begin());
  contents.expires = utc_of(static_cast<std::int64_t>(reader.number(8)));
  contents.principal.expires = utc_of(static_cast<std::int64_t>(reader.number(8)));
  contents.principal.subject = as_text(reader.take(reader.number(2)));
  contents.principal.scopes = parse_scopes(as_text(reader.rest()));
  if (!reader.good() || version != kVersion) return std::nullopt;
  return contents;
}

}  // namespace

Tickets::Tickets(const Secret& secret, const Clock& clock, Random& random)
    : key_(secret.derived("butai ticket 1")),
      clock_(clock),
      random_(random),
      used_(kTicketsUsedMax) {}

std::optional<Ticket> Tickets::issue(const net::Principal& principal) {
  const Utc expires = clock_.utc() + kTicketLife;
  Id128 id;
  random_.fill(id);
  RecordWriter writer;
  writer.number(kVersion, 1);
  writer.bytes(id);
  writer.number(static_cast<std::uint64_t>(micros_of(expires)), 8);
  // The socket lives no longer than the token would let it.
  writer.number(static_cast<std::uint64_t>(micros_of(principal.expires.value_or(expires))), 8);
  writer.number(principal.subject.size(), 2);
  writer.bytes(as_bytes(principal.subject));
  writer.bytes(as_bytes(join_scopes(principal.scopes)));
  Ticket ticket{seal(key_, writer.record()), expires};
  if (ticket.text.size() > kTicketBytesMax) return std::nullopt;
  return ticket;
}

std::expected<net::Principal, Refusal> Tickets::redeem(std::string_view ticket) {
  if (ticket.size() > kTicketBytesMax) return std::unexpected(Refusal::BadTicket);
  const auto record = unseal(key_, ticket);
  if (!record) return std::unexpected(Refusal::BadTicket);
  auto contents = read_contents(*record);
  if (!contents) return std::unexpected(Refusal::BadTicket);
  const Utc now = clock_.utc();
  if (now >= contents->expires) return std::unexpected(Refusal::TicketExpired);
  const std::lock_guard lock(mutex_);
  if (used_.find(contents->id) != nullptr) return std::unexpected(Refusal::TicketUsed);
  // Without room to remember it, it could be used twice.
  if (!used_.put(contents->id, true, contents->expires, now)) {
    return std::unexpected(Refusal::TicketUsed);
  }
  return std::move(contents->principal);
}

}  // namespace butai::access
