#include "ticketing/payments/store_deadline.h"

#include <algorithm>

#include "base/zone.h"
#include "ticketing/limits.h"

namespace butai::ticketing {
namespace {

// 23:59:59 on the third day after `now`, as clocks in the zone show it then.
Utc end_of_third_day(std::string_view zone, Utc now) {
  const auto today = std::chrono::floor<std::chrono::days>(now + utc_offset(zone, now));
  const Utc shown = today + kStoreDays + std::chrono::hours{24} - Seconds{1};
  return shown - utc_offset(zone, shown - utc_offset(zone, now));
}

}  // namespace

std::optional<Utc> store_deadline(std::string_view zone, Utc sale_until, Utc first_doors, Utc now) {
  const Utc until =
      std::min({end_of_third_day(zone, now), sale_until, Utc{first_doors - kStoreBeforeDoors}});
  if (until < now + kStoreTimeLeast) return std::nullopt;
  return until;
}

std::optional<Utc> store_deadline(const Event& event, const TicketType& type, Utc now) {
  std::optional<Utc> doors;
  for (const Performance& one : event.performances) {
    if (std::ranges::find(type.performances, one.id) == type.performances.end()) continue;
    doors = std::min(doors.value_or(one.doors), one.doors);
  }
  if (!doors) return std::nullopt;
  return store_deadline(event.zone, type.sale_until, *doors, now);
}

}  // namespace butai::ticketing
