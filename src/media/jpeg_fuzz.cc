// What a publisher sends as a JPEG: never read past its end; a picture that is taken is taken again
// with its capture time added.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "media/jpeg.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai;
  constexpr std::size_t kLengthMax = 4u << 20;
  const ByteView input{bytes, size};
  const auto info = media::inspect_jpeg(input, kLengthMax);
  const Utc when = utc_of(1'800'000'000'000'001);
  const Bytes marked = media::add_capture_comment(input, when);
  if (!info) return 0;
  const auto again = media::inspect_jpeg(marked, kLengthMax + 100);
  // One more segment may be one too many; a later comment of the picture's own may override ours.
  if (!again) return again.error() == media::JpegError::TooManySegments ? 0 : (std::abort(), 0);
  if (again->width != info->width || again->height != info->height) std::abort();
  if (info->captured == Utc{} && again->captured != when) std::abort();
  return 0;
}
