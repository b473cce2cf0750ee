// Bounds of what access/ accepts; each with its unit and reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::access {

// --- tokens -------------------------------------------------------------------------------------
// Bytes of a compact JWT: ten channels' scopes and an RSA signature take about 1 KiB.
inline constexpr std::size_t kTokenBytesMax = 8 * 1024;
// Clocks of issuers and ours may differ by this much.
inline constexpr Seconds kLeeway{30};
// Latest time a token may carry: the end of the year 9999.
inline constexpr double kNumericDateMax = 253'402'300'799.0;
// Verified tokens remembered, some 300 bytes each; the rest is verified every time.
inline constexpr std::size_t kTokensKnownMax = 20'000;
inline constexpr std::size_t kSubjectBytesMax = 256;
inline constexpr std::size_t kScopesMax = 64;    // understood scopes of one token
inline constexpr std::size_t kJsonDepthMax = 8;  // nesting of a header or of claims
// HS256 needs a key of at least the hash's size (RFC 7518 section 3.2).
inline constexpr std::size_t kSecretBytesMin = 32;
inline constexpr std::size_t kSecretBytesMax = 4 * 1024;

// --- addresses for a CDN ------------------------------------------------------------------------
inline constexpr Seconds kEdgeLife{
    300};  // DESIGN decision 6: how long a revoked play may go on there

// --- open sockets -------------------------------------------------------------------------------
inline constexpr Seconds kLateTokenTime{3};  // for the first text message
// Longest time until an open socket's right is looked at again: clocks step, and an ended play must
// be dark within 10 s.
inline constexpr Seconds kSocketCheckEvery{3600};
inline constexpr Seconds kPlayCheckEvery{5};

// --- keys from elsewhere (JWKS) -----------------------------------------------------------------
inline constexpr std::size_t kJwksBytesMax = 256 * 1024;
inline constexpr std::size_t kJwksKeysMax = 64;
inline constexpr std::size_t kRsaBitsMin = 2048;
inline constexpr Seconds kJwksTimeout{5};
inline constexpr Seconds kJwksEvery{300};
inline constexpr Seconds kJwksMissEvery{30};  // an unknown kid may not make us a flood

// --- plays and tickets --------------------------------------------------------------------------
inline constexpr Seconds kPlayLife{12 * 3600};
inline constexpr std::size_t kPlaysMax =
    200'000;  // remembered per node; 20 times the planned audience
inline constexpr std::size_t kRevokedMax = 1'000'000;
inline constexpr Seconds kTicketLife{30};
inline constexpr std::size_t kTicketBytesMax = 4 * 1024;
// Redeemed tickets remembered until they expire: 3,000 a second.
inline constexpr std::size_t kTicketsUsedMax = 100'000;

// --- sessions -----------------------------------------------------------------------------------
inline constexpr Seconds kSessionLife{30 * 24 * 3600};
inline constexpr std::size_t kSessionsMax = 500'000;  // remembered per node, some 300 bytes each

// --- stream keys --------------------------------------------------------------------------------
inline constexpr std::size_t kPublishKeySecretBytes = 24;  // 192 bits: nobody guesses one
inline constexpr std::size_t kPublishKeyBytesMax = 64;     // of the text, "sk_" and base64url
inline constexpr std::size_t kPublishKeysMax = 64;         // of one channel

// --- passwords ----------------------------------------------------------------------------------
inline constexpr std::size_t kPasswordBytesMin = 8;
inline constexpr std::size_t kPasswordBytesMax = 1024;
// Argon2id with 19 MiB and two passes (OWASP's minimum): about 20 ms each.
inline constexpr std::size_t kPasswordMemoryBytes = 19 * 1024 * 1024;
inline constexpr unsigned long long kPasswordPasses = 2;
inline constexpr double kPasswordCoresMax = 16;
// Processor time that an idle pool has saved up: some ten sign-ins are answered at once.
inline constexpr Millis kPasswordBurst{200};
inline constexpr std::size_t kPasswordQueueMax = 128;  // five seconds of half a core
// Sign-ins that are looked up and hashed at once, and those that wait for it: twenty seconds of half a core.
inline constexpr std::size_t kLoginSeats = 64;
inline constexpr std::size_t kLoginsWaitingMax = 512;
inline constexpr Seconds kLoginPlace{300};  // so long a name that was sent back keeps its place
inline constexpr std::size_t kLoginPlacesMax = 50'000;
inline constexpr Seconds kLoginRetryLeast{1};
inline constexpr Seconds kLoginRetryMost{30};
// Wrong passwords per account: five a minute, then 429.
inline constexpr std::size_t kLoginFailuresMax = 5;
inline constexpr Seconds kLoginWindow{60};
inline constexpr std::size_t kLoginNamesMax = 10'000;
inline constexpr Seconds kLoginTokenLife{3600};

// --- second factor, links by mail ---------------------------------------------------------------
inline constexpr std::size_t kRecoveryCodes = 10;
inline constexpr std::size_t kRecoveryCodeBytes = 10;  // 80 bits: nobody guesses one
inline constexpr std::size_t kFactorCodeBytesMax = 32;
inline constexpr Seconds kResetLife{30 * 60};
inline constexpr Seconds kVerifyLife{7 * 24 * 3600};
// One letter of a kind per account in so long, however often it is asked for.
inline constexpr Seconds kLetterEvery{5 * 60};

}  // namespace butai::access
