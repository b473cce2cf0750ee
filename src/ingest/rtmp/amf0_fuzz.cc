// Any message: what is read and written again is read the same, within the bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ingest/rtmp/amf0_codec.h"
#include "ingest/rtmp/limits.h"

namespace {

using namespace butai;
using namespace butai::ingest::rtmp;

void must(bool truth) {
  if (!truth) std::abort();
}

std::size_t count(const Amf0Value& value, int depth) {
  must(depth <= kAmfDepthMax);
  std::size_t all = 1;
  for (const Amf0Member& member : value.members) all += count(member.value, depth + 1);
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto values = decode_amf0({bytes, size});
  if (!values) return 0;
  std::size_t all = 0;
  for (const Amf0Value& value : *values) all += count(value, 0);
  must(all <= kAmfElementsMax);
  const auto written = encode_amf0(*values);
  if (written.size() > kAmfBytesMax) return 0;
  const auto again = decode_amf0(written);
  must(again && *again == *values);
  must(encode_amf0(*again) == written);
  return 0;
}
