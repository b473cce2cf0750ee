// /api/v1/producer/events/{id}/destruction and /api/v1/records/key: the proof that there is no archive.
#include "ticketing/catalog/destruction.h"
#include "api/sale.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::Outcome;
using ticketing::SignedRecord;
using ticketing::Work;

constexpr std::string_view kRecordsSchema =
    R"({"type":"object","properties":{"records":{"type":"array","items":{"type":"object","properties":{"record":{"type":"object"},"key":{"type":"string"},"signature":{"type":"string","description":"Ed25519 over the record as JSON without spaces, base64url"}}}}}})";

void records(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const std::string id(request.arg("id"));
  if (sale->office.rights().catalog()->by_id(id) == nullptr) {
    return exchange->respond(problem(ticketing::Fault::NotFound));
  }
  sale->office.ask<std::vector<SignedRecord>>(
      exchange->loop(),
      [id](Work& work) -> Outcome<std::vector<SignedRecord>> {
        return ticketing::records_of(work, id);
      },
      [exchange](Outcome<std::vector<SignedRecord>> found) {
        if (!found) return exchange->respond(problem(found.error()));
        json::array all;
        for (const SignedRecord& one : *found) {
          all.push_back({{"record", json::parse(one.record)},
                         {"key", one.key},
                         {"signature", one.signature}});
        }
        exchange->respond(json_answer(json::object{{"records", std::move(all)}}));
      });
}

}  // namespace

std::vector<net::Route> destruction_routes(const SalePtr& sale) {
  std::vector<net::Route> table;
  table.push_back({net::Method::Get,
                   "/api/v1/producer/events/{id}/destruction",
                   {.who = net::Who::Control},
                   handler_of(sale, &records),
                   {"What was destroyed when the event ended, signed; `butai event verify-record`.",
                    "", std::string(kRecordsSchema)}});
  table.push_back(
      {net::Method::Get,
       "/api/v1/records/key",
       {.who = net::Who::Anyone, .cache = net::Cache::Revalidate, .cors = true},
       handler_of(sale,
                  [](const SalePtr& s, const net::Request&, const SharedExchange& e) {
                    e->respond(json_answer(json::object{{"algorithm", "Ed25519"},
                                                        {"key", s->record_key.public_key()}}));
                  }),
       {"The public key that this installation's records are signed with.", "",
        R"({"type":"object","properties":{"algorithm":{"type":"string"},"key":{"type":"string"}}})"}});
  return table;
}

}  // namespace butai::api
