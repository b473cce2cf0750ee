// Why somebody was not let in: one enum for the folder, a sentence, a metric label and an HTTP
// status for each.
// Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace butai::access {

enum class Refusal : std::uint8_t {
  // the credential as it came
  NoCredential,
  SeveralCredentials,
  NotBearer,
  TokenInQuery,
  TicketNotHere,
  // a token's outside
  TooLarge,
  Malformed,
  DuplicateMember,
  HeaderNotAllowed,
  WrongType,
  AlgorithmNotAllowed,
  UnknownKey,
  KeyNotNamed,
  BadSignature,
  WeakSecret,
  // its claims
  NoExpiry,
  BadExpiry,
  Expired,
  BadNotBefore,
  NotYetValid,
  BadIssuedAt,
  IssuedInFuture,
  NoAudience,
  WrongAudience,
  NoIssuer,
  WrongIssuer,
  NoSubject,
  NoScope,
  // tickets and plays
  BadTicket,
  TicketExpired,
  TicketUsed,
  BadPlay,
  PlayExpired,
  PlayRevoked,
  WrongPlay,
  // valid, but not for this
  NoCsrfToken,
  TicketVoid,
  PerformanceOver,
  NotAllowed,
  NoSuchChannel,
};
inline constexpr std::size_t kRefusals = static_cast<std::size_t>(Refusal::NoSuchChannel) + 1;

// Lower-case words with underscores, for metrics.
std::string_view label(Refusal refusal);
// For a person; contains no double quote and no backslash (it stands in WWW-Authenticate).
std::string_view sentence(Refusal refusal);
int http_status(Refusal refusal);           // 400, 401, 403, 404, 410
std::uint16_t close_code(Refusal refusal);  // 4400, 4401, 4403, 4404, 4410

// True when a new token is the cure, so that the answer should show how to make one.
bool cured_by_new_token(Refusal refusal);
// The line that makes a token with `scope`.
std::string mint_line(std::string_view scope);

}  // namespace butai::access
