#include "drm/content_key.h"

#include <algorithm>
#include <cassert>

#include "drm/error.h"

namespace butai::drm {

std::string_view name_of(TrackUse use) {
  switch (use) {
    case TrackUse::Audio:
      return "AUDIO";
    case TrackUse::Sd:
      return "SD";
    case TrackUse::Hd:
      break;
  }
  return "HD";
}

const ContentKey& KeyPeriod::key_for(TrackUse use) const {
  const auto found = std::ranges::find(keys, use, &ContentKey::use);
  assert(found != keys.end());  // providers give one of each
  return *found;
}

std::string_view sentence(DrmError error) {
  switch (error) {
    case DrmError::BadUnit:
      return "the picture's NAL units are broken";
    case DrmError::BadSlice:
      return "a slice header cannot be read, so the picture cannot be protected";
    case DrmError::UnknownSlice:
      return "the picture has data partitions or layers, which cannot be protected";
    case DrmError::TooManySlices:
      return "the picture has more than 40 slices, too many to protect";
    case DrmError::BadConfig:
      return "the track's parameter sets cannot be read, so it cannot be protected";
    case DrmError::NoCipher:
      return "the cipher is not available";
  }
  return "the picture cannot be protected";
}

}  // namespace butai::drm
