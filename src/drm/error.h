// What can be wrong with what is to be protected, or with what a key service says.
#pragma once

#include <cstdint>
#include <string_view>

namespace butai::drm {

enum class DrmError : std::uint8_t {
  BadUnit,        // NAL units that run off the end, or have no length
  BadSlice,       // a slice header that cannot be read: where may encryption begin?
  UnknownSlice,   // a kind of slice (data partitions, layers) that nobody can decrypt
  TooManySlices,  // more than a box can describe
  BadConfig,      // a track whose parameter sets cannot be read
  NoCipher,       // OpenSSL refused
};
std::string_view sentence(DrmError error);

}  // namespace butai::drm
