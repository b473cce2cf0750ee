// From an address in text to an open Transport: resolve, connect to each address in turn, TLS.
// Thread: one loop; names are resolved on Asio's own thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/client.h"
#include "net/transport.h"
#include "net/url.h"

namespace butai::net {

// Calls back once on the loop: the transport, not yet started, or a sentence. Destroying the handle
// ends it without a call.
class Dialing {
 public:
  virtual ~Dialing() = default;
};
using Dialed = std::function<void(Expected<std::shared_ptr<Transport>>)>;
std::shared_ptr<Dialing> dial(Loop& loop, const Url& url, const ClientOptions& options,
                              Dialed done);

}  // namespace butai::net
