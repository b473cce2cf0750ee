// Slices of a stranger, under real parameter sets and then under what the input brings itself (units behind
// start codes): a header ends inside its slice, or the slice is refused; and what stands behind a header says
// nothing about its length.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "media/h264_slice.h"
#include "media/testing/tracks.h"

namespace {

using namespace butai;
using namespace butai::media;

void must(bool truth) {
  if (!truth) std::abort();
}

void look(const SliceHeaders& headers, ByteView slice) {
  const auto size = headers.header_size(slice);
  if (!size) return;
  must(*size >= 1 && *size <= slice.size());
  std::vector<std::uint8_t> longer(slice.begin(), slice.end());
  longer.insert(longer.end(), {0x5a, 0xa5, 0x80});
  must(headers.header_size(longer) == size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  SliceHeaders headers;
  must(headers.take_config(testing::from_hex(testing::kAvcHigh30)).has_value());
  look(headers, {bytes, size});
  const NalUnits units = split_start_codes({bytes, size});
  for (const auto& unit : units) {
    headers.take(unit);
    look(headers, unit);
  }
  return 0;
}
