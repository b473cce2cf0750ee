// Why the sale said no: one enum for the folder, a sentence and the name of the problem for each.
// Thread: any.
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>

#include "store/failure.h"

namespace butai::ticketing {

enum class Fault : std::uint8_t {
  SoldOut,
  SaleClosed,
  LimitPerAccount,
  WrongCode,
  NotPossible,  // not in this state
  BadRequest,
  NotFound,  // or not yours: the asker cannot tell
  Busy,
  Broken,
};
std::string_view name_of(Fault fault);  // sold-out, …: the end of the problem's type
std::string_view sentence(Fault fault);
int http_status(Fault fault);

template <class T>
using Outcome = std::expected<T, Fault>;

constexpr Fault fault_of(store::Failure failure) {
  return failure == store::Failure::Busy ? Fault::Busy : Fault::Broken;
}

}  // namespace butai::ticketing
