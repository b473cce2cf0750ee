#include "access/plays.h"

#include <fmt/format.h>

#include <algorithm>

#include "access/limits.h"
#include "access/sealed.h"
#include "base/name.h"

namespace butai::access {
namespace {

constexpr std::string_view kPurpose = "butai play 1";
constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kAnonymous = 1;
constexpr std::uint8_t kTicket = 2;
constexpr std::uint8_t kTest = 4;

std::uint8_t flags_of(const PlayClaims& claims) {
  if (claims.anonymous) return kAnonymous;
  return claims.ticket ? kTicket : claims.test ? kTest : std::uint8_t{0};
}

std::optional<Id128> parse_id(std::string_view text) {
  const auto bytes = from_base64url(text);
  Id128 id;
  if (!bytes || bytes->size() != id.size()) return std::nullopt;
  std::ranges::copy(*bytes, id.begin());
  return id;
}

std::optional<PlayClaims> read_claims(ByteView record) {
  RecordReader reader(record);
  const std::uint64_t version = reader.number(1);
  PlayClaims claims;
  const std::uint64_t flags = reader.number(1);
  claims.anonymous = flags == kAnonymous;
  claims.ticket = flags == kTicket;
  claims.test = flags == kTest;
  std::ranges::copy(reader.take(claims.id.size()), claims.id.begin());
  claims.expires = utc_of(static_cast<std::int64_t>(reader.number(4)) * 1'000'000);
  claims.owner = reader.number(8);
  claims.channel = as_text(reader.rest());
  if (!reader.good() || version != kVersion || !is_name(claims.channel)) return std::nullopt;
  return claims;
}

}  // namespace

Plays::Plays(const Secret& secret, const Clock& clock, Random& random, const Secret* previous)
    : key_(secret.derived(kPurpose)),
      clock_(clock),
      random_(random),
      plays_(kPlaysMax),
      revoked_(kRevokedMax) {
  if (previous != nullptr) previous_key_ = previous->derived(kPurpose);
}

std::uint64_t Plays::owner_of(std::string_view subject) const {
  const Key32 hash = hmac_sha256(key_, as_bytes(fmt::format("subject:{}", subject)));
  return RecordReader(hash).number(8);
}

Play Plays::sign(const PlayClaims& claims) const {
  RecordWriter writer;
  writer.number(kVersion, 1);
  writer.number(flags_of(claims), 1);
  writer.bytes(claims.id);
  writer.number(static_cast<std::uint64_t>(micros_of(claims.expires) / 1'000'000), 4);
  writer.number(claims.owner, 8);
  writer.bytes(as_bytes(claims.channel));
  return {base64url(claims.id), seal(key_, writer.record()), claims.channel, claims.expires};
}

void Plays::remember(const PlayClaims& claims, Utc now) {
  if (plays_.put(claims.id, {claims, now}, claims.expires, now)) return;
  plays_.drop_next();
  plays_.put(claims.id, {claims, now}, claims.expires, now);
}

Play Plays::start(std::string_view channel, const net::Principal& principal, Grounds grounds) {
  const Utc now = clock_.utc();
  PlayClaims claims;
  random_.fill(claims.id);
  claims.channel = channel;
  claims.anonymous = principal.subject.empty();
  claims.ticket = grounds == Grounds::Ticket;
  claims.test = grounds == Grounds::Test;
  claims.owner = claims.anonymous ? 0 : owner_of(principal.subject);
  claims.expires = std::chrono::floor<Seconds>(now) + kPlayLife;
  const std::lock_guard lock(mutex_);
  remember(claims, now);
  return sign(claims);
}

std::expected<PlayClaims, Refusal> Plays::verify(std::string_view path_token) const {
  auto record = unseal(key_, path_token);
  if (!record && previous_key_) record = unseal(*previous_key_, path_token);
  if (!record) return std::unexpected(Refusal::BadPlay);
  auto claims = read_claims(*record);
  if (!claims) return std::unexpected(Refusal::BadPlay);
  if (clock_.utc() >= claims->expires) return std::unexpected(Refusal::PlayExpired);
  const std::lock_guard lock(mutex_);
  if (revoked_.find(claims->id) != nullptr) return std::unexpected(Refusal::PlayRevoked);
  return std::move(*claims);
}

void Plays::seen(const PlayClaims& claims) {
  const Utc now = clock_.utc();
  const std::lock_guard lock(mutex_);
  if (Record* record = plays_.find(claims.id)) {
    record->seen = now;
  } else {
    remember(claims, now);
  }
}

void Plays::seen(std::string_view id) {
  const auto parsed = parse_id(id);
  const std::lock_guard lock(mutex_);
  Record* record = parsed ? plays_.find(*parsed) : nullptr;
  if (record != nullptr) record->seen = clock_.utc();
}

std::optional<Utc> Plays::last_seen(std::string_view id) const {
  const auto parsed = parse_id(id);
  const std::lock_guard lock(mutex_);
  const Record* record = parsed ? plays_.find(*parsed) : nullptr;
  return record == nullptr ? std::nullopt : std::optional(record->seen);
}

std::optional<PlayClaims> Plays::find(std::string_view id) const {
  const auto parsed = parse_id(id);
  if (!parsed) return std::nullopt;
  const std::lock_guard lock(mutex_);
  plays_.prune(clock_.utc());
  const Record* record = plays_.find(*parsed);
  return record == nullptr ? std::nullopt : std::optional(record->claims);
}

bool Plays::owns(const PlayClaims& play, const net::Principal& principal) const {
  if (play.anonymous) return true;  // the unguessable id is all that such a play has
  return !principal.subject.empty() && owner_of(principal.subject) == play.owner;
}

Play Plays::renew(const PlayClaims& play) {
  const Utc now = clock_.utc();
  PlayClaims next = play;
  next.expires = std::chrono::floor<Seconds>(now) + kPlayLife;
  const std::lock_guard lock(mutex_);
  remember(next, now);
  return sign(next);
}

void Plays::end(const PlayClaims& play) {
  const Utc now = clock_.utc();
  // A renewed token of the same play may outlive the one that the caller holds.
  const Utc until = std::max<Utc>(play.expires, now + kPlayLife);
  revoke(play.id, until);
  on_end_(play.id, until);
}

void Plays::revoke(const Id128& id, Utc until) {
  const Utc now = clock_.utc();
  const std::lock_guard lock(mutex_);
  plays_.erase(id);
  if (revoked_.put(id, true, until, now)) return;
  revoked_.drop_next();
  revoked_.put(id, true, until, now);
}

bool Plays::running(std::string_view id) const {
  const auto parsed = parse_id(id);
  const std::lock_guard lock(mutex_);
  return parsed && revoked_.find(*parsed) == nullptr;
}

void Plays::each_by_ticket(Utc since,
                           const std::function<void(const PlayClaims&, Utc)>& look) const {
  const std::lock_guard lock(mutex_);
  plays_.each([&](const Id128&, const Record& record) {
    if (record.claims.ticket && record.seen >= since) look(record.claims, record.seen);
  });
}

std::size_t Plays::active(std::string_view channel, Seconds window) const {
  const Utc since = clock_.utc() - window;
  std::size_t count = 0;
  const std::lock_guard lock(mutex_);
  plays_.each([&](const Id128&, const Record& record) {
    count += record.seen >= since && record.claims.channel == channel ? 1 : 0;
  });
  return count;
}

}  // namespace butai::access
