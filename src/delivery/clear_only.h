// What viewers of JPEG pictures hear on a protected channel: there is no protected JPEG.
#pragma once

#include "net/http.h"

namespace butai::delivery {

inline net::Response no_clear_pictures() {
  return net::Response::problem(
      406,
      "this channel is protected, and JPEG pictures would be clear; use index.m3u8, "
      "manifest.mpd or ws");
}

}  // namespace butai::delivery
