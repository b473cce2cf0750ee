// What a handler holds of the connection that asked: a weak hand on it, so that an answer may come
// after the peer went.
// Thread: the connection's loop.
#pragma once

#include <memory>

#include "net/http.h"

namespace butai::net {

class Http1Connection;

ExchangePtr make_exchange(const std::shared_ptr<Http1Connection>& connection);

}  // namespace butai::net
