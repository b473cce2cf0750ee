// A pssh box of a stranger: what is read is written again as the same box, and no longer than it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "drm/limits.h"
#include "drm/pssh.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace butai;
  const auto box = drm::parse_pssh({bytes, size});
  if (!box) return 0;
  const Bytes written = drm::write_pssh(*box);
  const auto again = drm::parse_pssh(written);
  const bool same = again && again->system == box->system && again->kids == box->kids &&
                    again->payload == box->payload;
  if (!same || written.size() > size || box->kids.size() > drm::kPsshKeysMax) std::abort();
  return 0;
}
