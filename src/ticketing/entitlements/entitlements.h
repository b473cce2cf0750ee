// Entitlements: the right to watch that a fulfilled order gives, one per ticket. Written in the
// transaction that moves the order.
// Thread: the database's, inside one transaction.
#pragma once

#include "ticketing/orders/orders.h"
#include "ticketing/work.h"

namespace butai::ticketing {

void grant(Work& work, const Order& order);
void revoke(Work& work, const Order& order);
void restore(Work& work, const Order& order);

std::vector<std::string> tickets_of(Work& work, std::string_view order);

}  // namespace butai::ticketing
