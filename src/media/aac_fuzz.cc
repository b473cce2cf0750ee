// AAC from a publisher: a configuration that is taken has a rate and channels that can be played, and
// one that is written is read the same; ADTS frames lie inside their bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/aac.h"

namespace {

using namespace butai;
using namespace butai::media;

void must(bool truth) {
  if (!truth) std::abort();
}

void playable(const AacConfig& config) {
  must(config.sample_rate >= 7350 && config.sample_rate <= 96'000);
  must(config.channels >= 1 && config.channels <= 8);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input{bytes, size};
  if (const auto config = parse_aac_config(input)) {
    playable(*config);
    if (const auto written = make_aac_config(*config)) {
      const auto again = parse_aac_config(*written);
      must(again && *again == *config);
    }
  }
  if (const auto adts = parse_adts(input)) {
    playable(adts->config);
    must(adts->whole_size <= size && adts->frame.size() < adts->whole_size);
  }
  return 0;
}
