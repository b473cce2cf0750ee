// A stranger's ClearKey request: whatever the bytes, either a sentence or key ids that can be answered.
// And a FairPlay service's answer: what is found in it is never longer than it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "licenses/clear_key.h"
#include "licenses/fairplay_form.h"
#include "licenses/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai;
  if (licenses::unwrap_ckc(as_text({bytes, size})).size() > size) std::abort();
  const auto kids = licenses::parse_clear_key_request(as_text({bytes, size}));
  if (!kids) {
    if (kids.error().sentence.empty()) std::abort();
    return 0;
  }
  if (kids->empty() || kids->size() > licenses::kClearKeyKidsMax) std::abort();
  return 0;
}
