// Counters, gauges and histograms, declared beside the code that moves them and served as text.
// Owned by app/, passed down by reference; units end the names (…_bytes_total, …_seconds).
// Thread: any; a family may be moved by several loops (the library's counters are atomic).
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>
#include <vector>

namespace butai {

class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  prometheus::Counter& counter(const std::string& name, const std::string& help,
                               const Labels& labels = {});
  prometheus::Gauge& gauge(const std::string& name, const std::string& help,
                           const Labels& labels = {});
  // Buckets are upper bounds, ascending, in the unit that ends the name.
  prometheus::Histogram& histogram(const std::string& name, const std::string& help,
                                   const std::vector<double>& buckets, const Labels& labels = {});

  // All of them in the Prometheus text format 0.0.4.
  std::string text() const;

 private:
  prometheus::Registry registry_;
};

}  // namespace butai
