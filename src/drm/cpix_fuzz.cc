// A key service's answer: what is read can be written, and is then read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "drm/cpix.h"
#include "drm/text.h"

namespace {

using namespace butai;

void must(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input{bytes, size};
  if (const auto decoded = drm::from_base64(as_text(input))) {
    must(drm::from_base64(drm::to_base64(*decoded)) == decoded);
  }
  const auto read = drm::parse_cpix(as_text(input));
  if (!read) return 0;
  const auto again = drm::parse_cpix(drm::write_cpix(*read));
  if (!again) return 0;  // attributes may have held what XML cannot say twice
  must(again->keys.size() == read->keys.size() && again->rules.size() == read->rules.size() &&
       again->systems.size() == read->systems.size());
  for (std::size_t i = 0; i < read->keys.size(); ++i) {
    must(again->keys[i].kid == read->keys[i].kid && again->keys[i].key == read->keys[i].key);
  }
  return 0;
}
