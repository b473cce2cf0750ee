// /api/v1/legal: what the law wants a seller to say, and which other hosts the pages talk to.
#include "api/sale.h"

namespace butai::api {

net::Route legal_route(std::function<boost::json::object()> tell) {
  return {.method = net::Method::Get,
          .pattern = "/api/v1/legal",
          .policy = {.who = net::Who::Anyone, .cache = net::Cache::Revalidate, .cors = true},
          .handler = net::HttpHandler(
              [tell = std::move(tell)](const net::Request&, net::ExchangePtr exchange) {
                exchange->respond(json_answer(tell()));
              }),
          .doc = {"The seller, terms, privacy, and other hosts that pages talk to.", "",
                  R"({"type":"object"})"}};
}

}  // namespace butai::api
