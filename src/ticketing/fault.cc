#include "ticketing/fault.h"

#include <array>

namespace butai::ticketing {
namespace {

struct Row {
  int status;
  std::string_view name;
  std::string_view sentence;
};

// In the order of the enum.
constexpr std::array<Row, 9> kTable{{
    {409, "sold-out", "There are not as many tickets of this kind left."},
    {409, "sale-closed", "Tickets of this kind are not on sale now."},
    {409, "limit-per-account", "One account may not have more tickets of this kind."},
    {409, "wrong-code", "That code is not one for this ticket, or was used up."},
    {409, "not-possible", "That cannot be done with it in the state it is in."},
    {400, "bad-request", "Something is missing or malformed."},
    {404, "not-found", "There is no such thing, or it is not yours."},
    {503, "busy", "The server is busy. Try again in a moment."},
    {503, "broken", "The sale could not be read or written. The log of the server says why."},
}};

const Row& row(Fault fault) { return kTable.at(static_cast<std::size_t>(fault)); }

}  // namespace

std::string_view name_of(Fault fault) { return row(fault).name; }
std::string_view sentence(Fault fault) { return row(fault).sentence; }
int http_status(Fault fault) { return row(fault).status; }

}  // namespace butai::ticketing
