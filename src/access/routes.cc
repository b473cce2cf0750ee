#include "access/routes.h"

#include <iterator>

namespace butai::access {

std::vector<net::Route> routes(const RouteParts& parts) {
  std::vector<net::Route> all = token_routes(parts);
  for (auto more : {ticket_routes(parts), play_routes(parts)}) {
    std::ranges::move(more, std::back_inserter(all));
  }
  return all;
}

}  // namespace butai::access
