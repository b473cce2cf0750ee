// Until when a convenience store takes the money for an order. Pure.
//   min(end of the third day in the event's zone, end of the sale, an hour before the doors)
// Nothing when less than kStoreTimeLeast would be left: then stores are not offered.
// Thread: any. Limits: kStoreDays, kStoreBeforeDoors, kStoreTimeLeast.
#pragma once

#include <optional>
#include <string_view>

#include "ticketing/catalog/catalog.h"

namespace butai::ticketing {

std::optional<Utc> store_deadline(std::string_view zone, Utc sale_until, Utc first_doors, Utc now);
// Of a ticket type of the event.
std::optional<Utc> store_deadline(const Event& event, const TicketType& type, Utc now);

}  // namespace butai::ticketing
