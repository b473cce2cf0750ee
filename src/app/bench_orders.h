// `butai bench orders`: how many orders a second are sold durably, from a store of its own.
// Each is what a buyer does: hold, confirm, a ticket; two transactions, each told after its commit.
// Thread: the main thread, which starts one per buyer.
#pragma once

#include <cstdint>
#include <string>

namespace butai::app {

struct OrderBenchOptions {
  std::string folder;           // on the disk that is measured; a new database is made in it
  std::string url;              // postgresql://…: that server instead
  std::uint32_t together = 64;  // buyers at once; 1: one commit per request
  std::uint32_t seconds = 5;
  std::uint32_t capacity = 1'000'000;  // tickets there are
  bool json = false;
};
int bench_orders(const OrderBenchOptions& options);

}  // namespace butai::app
