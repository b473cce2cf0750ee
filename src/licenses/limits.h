// Every bound of src/licenses, with its unit and its reason.
#pragma once

#include <cstddef>

#include "base/time.h"

namespace butai::licenses {

inline constexpr std::size_t kClearKeyBytesMax = 16 * 1024;  // a request; real ones have 100 bytes
inline constexpr std::size_t kClearKeyKidsMax = 64;          // keys of one request
inline constexpr std::size_t kChallengeMax = 64 * 1024;      // bytes; Widevine's have up to 10 KiB
inline constexpr std::size_t kAnswerMax = 256 * 1024;        // bytes of a license
inline constexpr std::size_t kServiceKeyMin = 16;            // bytes of a secret that signs tokens
inline constexpr std::size_t kTokenKidsMax =
    12;  // of one token: 3 uses, 4 periods; 5,000 characters
inline constexpr Seconds kServiceTokenLife{
    120};  // the way to the service; services take no older ones
inline constexpr Seconds kServiceClockSlack{30};   // how far a service's clock may be behind ours
inline constexpr Seconds kServiceLicenseLife{60};  // of licenses that are renewed by themselves

}  // namespace butai::licenses
