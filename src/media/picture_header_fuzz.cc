// What a producer sends as artwork: never read past its end; what is taken has sides within the bounds and
// is taken again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/limits.h"
#include "media/picture_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai::media;
  const butai::ByteView input{bytes, size};
  const auto header = inspect_picture(input, size);
  if (!header) return 0;
  for (const std::uint32_t side : {header->width, header->height}) {
    if (side < kArtworkSideMin || side > kArtworkSideMax) std::abort();
  }
  const auto again = inspect_picture(input, size);
  if (!again || again->width != header->width) std::abort();
  return 0;
}
