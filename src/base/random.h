// The port for randomness. Production uses libsodium; tests a seed.
// Thread: any.
#pragma once

#include <cstdint>
#include <span>

namespace butai {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;  // unpredictable bytes, fit for keys

  std::uint64_t number(std::uint64_t below);  // uniform in [0, below); below > 0
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace butai
