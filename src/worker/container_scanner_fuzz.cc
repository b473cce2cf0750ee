// Whatever a publisher sends, cut anywhere: every byte comes out once and in order, the header stays
// bounded, and cutting makes no difference.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "worker/container_scanner.h"
#include "worker/limits.h"

namespace {

using namespace butai;
using namespace butai::worker;

struct Result {
  std::string text, header;
  bool failed = false;
};

Result scan(ByteView input, std::size_t piece) {
  ContainerScanner scanner;
  Result result;
  for (std::size_t at = 0; at < input.size(); at += piece) {
    const auto pieces =
        scanner.take(Bytes::copy_of(input.subspan(at, std::min(piece, input.size() - at))));
    if (!pieces) {
      result.failed = true;
      return result;
    }
    for (const auto& each : *pieces) result.text += each.bytes.text();
  }
  result.header = scanner.header().text();
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const ByteView input{bytes, size};
  const Result whole = scan(input, std::max<std::size_t>(1, size));
  const Result cut = scan(input, size > 0 ? 1 + bytes[0] % 16 : 1);
  if (whole.failed != cut.failed) std::abort();
  if (whole.failed) return 0;
  // A few bytes may still be held back, never more.
  if (!as_text(input).starts_with(whole.text) || size - whole.text.size() > 192) std::abort();
  if (cut.text != whole.text || cut.header != whole.header) std::abort();
  if (whole.header.size() > 4 * kContainerHeaderBytesMax) std::abort();
  return 0;
}
