#include <iterator>

#include "delivery/dash/routes.h"
#include "delivery/hls/routes.h"
#include "delivery/jpeg/routes.h"
#include "delivery/ports.h"
#include "delivery/websocket/routes.h"

namespace butai::delivery {

std::vector<net::Route> routes(Ports ports) {
  const auto shared = std::make_shared<const Ports>(std::move(ports));
  std::vector<net::Route> all;
  for (auto part : {websocket::routes(shared), hls::routes(shared), dash::routes(shared),
                    jpeg::routes(shared)}) {
    all.insert(all.end(), std::make_move_iterator(part.begin()),
               std::make_move_iterator(part.end()));
  }
  return all;
}

}  // namespace butai::delivery
