#include "delivery/gzip.h"

#include <zlib.h>

#include <stdexcept>
#include <vector>

namespace butai::delivery {

Bytes gzip(std::string_view text) {
  constexpr int kGzipWindow = 15 + 16;  // the largest window; 16 asks for gzip's head
  constexpr int kMemory = 8;            // zlib's default
  z_stream out{};
  if (deflateInit2(&out, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();  // the only way in which it can fail
  }
  std::vector<std::uint8_t> packed(deflateBound(&out, text.size()));
  out.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // zlib only reads it
  out.avail_in = static_cast<uInt>(text.size());
  out.next_out = packed.data();
  out.avail_out = static_cast<uInt>(packed.size());
  deflate(&out, Z_FINISH);  // the room is enough, so one call does it
  packed.resize(out.total_out);
  deflateEnd(&out);
  return Bytes(std::move(packed));
}

}  // namespace butai::delivery
