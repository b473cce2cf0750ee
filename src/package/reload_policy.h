// Blocking playlist reload: answer now, hold the request, or refuse it.
// Flow:   delivery/hls (query of a media playlist) -> read_reload -> decide_reload; again after
//         each change of the playlist
// Thread: pure functions, any.
// Spec:   RFC 8216bis (draft 22) clause 6.2.5.2.
#pragma once

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "package/hls_writer.h"
#include "package/listing.h"

namespace butai::package {

enum class ReloadDecision : std::uint8_t {
  AnswerNow,
  Wait,        // ask again when the log has changed; after kReloadWaitMax answer 503
  BadRequest,  // 400
};

// Three target durations: no client waits longer for a playlist.
inline constexpr Micros kReloadWaitMax{3 * kTargetDurationSeconds * 1'000'000};

// The values of _HLS_msn and _HLS_part as they stand in the query, nothing where absent.
struct ReloadQuery {
  std::optional<std::string_view> msn, part;
};

// What a well formed query waits for.
struct ReloadPoint {
  std::uint64_t msn = 0;
  std::optional<std::uint64_t> part;
  friend auto operator<=>(const ReloadPoint&, const ReloadPoint&) = default;
};

// The point of a query that names one, or the decision about it.
std::expected<ReloadPoint, ReloadDecision> read_reload(const ReloadQuery& query);

ReloadDecision decide_reload(const ReloadPoint& point, const RenditionLog& log,
                             const HlsOptions& options);

}  // namespace butai::package
