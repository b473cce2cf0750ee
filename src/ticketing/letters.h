// What the sale writes to its buyers, in the transaction of what it tells of (mail/outbox.h). Each once.
//   tell()          about an order: held, confirmed, the store's number, paid, refunded
//   tell_holders()  everybody with a ticket for a performance: delayed
//   remind()        performances whose doors open within kRemindBefore; the caller asks every second
// Thread: the database's, inside one transaction.
// Limits: kRemindBefore.
#pragma once

#include <string_view>

#include "mail/letter.h"
#include "ticketing/orders/orders.h"
#include "ticketing/work.h"

namespace butai::ticketing {

void tell(Work& work, mail::Kind kind, const Order& order, mail::Values more = {});
void tell_holders(Work& work, mail::Kind kind, std::string_view performance);
void remind(Work& work);

// A moment as clocks in the zone show it, with the zone's name: 2026年12月24日(木) 18:00（日本時間）
std::string moment_text(Utc when, std::string_view zone, std::string_view language);

}  // namespace butai::ticketing
