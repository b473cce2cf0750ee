// A stranger's ClearKey request: whatever the bytes, either a sentence or key ids that can be answered.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "licenses/clear_key.h"
#include "licenses/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai;
  const auto kids = licenses::parse_clear_key_request(as_text({bytes, size}));
  if (!kids) {
    if (kids.error().sentence.empty()) std::abort();
    return 0;
  }
  if (kids->empty() || kids->size() > licenses::kClearKeyKidsMax) std::abort();
  return 0;
}
