// The catalogue's rows.
//   load_catalog()      everything
//   save_event()        an event as a whole: what is missing in it goes, unless somebody has a ticket
//   set_event_state(), delay()
// Thread: the database's, inside one transaction.
// Limits: kTitleBytesMax, kTextBytesMax, kPerformancesMax, kTicketTypesMax, kChannelsMax, kPriceMax.
#pragma once

#include "ticketing/catalog/catalog.h"
#include "ticketing/fault.h"
#include "ticketing/work.h"

namespace butai::ticketing {

Catalog load_catalog(store::Sql& sql);

// Ids that are empty are made. NotPossible: a ticket type or performance that was sold would go, or the
// capacity would fall below what is taken.
Outcome<std::string> save_event(Work& work, Event event);
Outcome<void> delete_event(Work& work, std::string_view id);
// "doors_open", "live" and "ended" move the times of the next performance to now.
Outcome<void> set_event_state(Work& work, std::string_view id, std::string_view to);
enum class Delayed : std::uint8_t { Start, End, Both };
Outcome<void> delay(Work& work, std::string_view performance, std::int64_t minutes, Delayed which);
// Codes that open ticket types which ask for one.
Outcome<void> add_code(Work& work, std::string_view ticket_type, std::string_view code,
                       std::int64_t uses);

}  // namespace butai::ticketing
