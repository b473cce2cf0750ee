// One-time codes of an authenticator: six digits of HMAC-SHA1 over steps of 30 s. Pure.
// Thread: any.
// Spec:   RFC 6238, RFC 4226; RFC 4648 section 6 (base32, without padding), the otpauth address that
//         authenticators read from a QR code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"

namespace butai::access {

inline constexpr Seconds kTotpStep{30};
inline constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226 section 4: 160 bits

std::string totp_code(ByteView secret, std::int64_t step);
// The step that `code` belongs to: now's, or one beside it, for clocks that differ. Nothing: it is wrong.
std::optional<std::int64_t> totp_step_of(ByteView secret, std::string_view code, Utc now);

std::string base32(ByteView bytes);
std::string otpauth_address(ByteView secret, std::string_view issuer, std::string_view account);

}  // namespace butai::access
