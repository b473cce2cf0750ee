#include "package/reload_policy.h"

#include <algorithm>
#include <charconv>

#include "package/grid.h"

namespace butai::package {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The newest segment that the playlist shows anything of, and how many of its parts.
struct Edge {
  std::uint64_t number = 0;
  std::uint64_t parts = 0;
  bool complete = false;
};

std::optional<Edge> edge_of(const live::SegmentLog& log) {
  const auto& segments = log.segments();
  const auto newest = std::find_if(
      segments.rbegin(), segments.rend(),
      [](const live::Segment& segment) { return segment.complete || !segment.parts.empty(); });
  if (newest == segments.rend()) return std::nullopt;
  return Edge{newest->number, newest->parts.size(), newest->complete};
}

// 3 / PART-TARGET parts when that is below one second, else 3.
std::uint64_t advance_part_limit(const RenditionLog& log, Micros segment) {
  const double target = part_target(log.rendition->track, segment).seconds();
  return target < 1 ? static_cast<std::uint64_t>(3 / target) : 3;
}

}  // namespace

std::expected<ReloadPoint, ReloadDecision> read_reload(const ReloadQuery& query) {
  if (!query.msn && !query.part) return std::unexpected(ReloadDecision::AnswerNow);
  if (!query.msn) return std::unexpected(ReloadDecision::BadRequest);
  const auto msn = whole_number(*query.msn);
  const auto part = query.part ? whole_number(*query.part) : std::nullopt;
  if (!msn || (query.part && !part)) return std::unexpected(ReloadDecision::BadRequest);
  return ReloadPoint{*msn, part};
}

ReloadDecision decide_reload(const ReloadPoint& point, const RenditionLog& log,
                             const HlsOptions& options) {
  const auto& [msn, part] = point;
  if (options.life == HlsOptions::Life::Ended) return ReloadDecision::AnswerNow;
  // Plain playlists do not offer to block.
  if (options.profile == HlsOptions::Profile::Plain) return ReloadDecision::AnswerNow;

  const auto edge = edge_of(*log.log);
  if (!edge) return ReloadDecision::Wait;
  if (msn > edge->number + 2) return ReloadDecision::BadRequest;
  if (msn < edge->number) return ReloadDecision::AnswerNow;
  if (msn > edge->number) {
    // A complete segment has no further part: its next one is part 0 of the next segment.
    const bool too_far = part && *part >= advance_part_limit(log, options.segment);
    return too_far ? ReloadDecision::BadRequest : ReloadDecision::Wait;
  }
  if (edge->complete && (!part || *part < edge->parts)) return ReloadDecision::AnswerNow;
  if (!part) return ReloadDecision::Wait;
  if (*part < edge->parts) return ReloadDecision::AnswerNow;
  if (*part >= edge->parts + advance_part_limit(log, options.segment)) {
    return ReloadDecision::BadRequest;
  }
  return ReloadDecision::Wait;
}

}  // namespace butai::package
