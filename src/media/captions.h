// Which captions a picture carries in its bytes: CEA-608 lines and CEA-708 services in the user data
// of its SEI. They are never decoded here, only seen, so that players can be told of them.
// Flow:   media::Frame::data -> find_captions -> package::Packager (what is announced)
// Thread: pure function, any.
// Limits: sei_reader.h; of a DTVCC packet the first service block is looked at.
// Spec:   ATSC A/53 part 4:2009 clause 6.2.3 (user data in H.264), ANSI/CTA-608-E table 52 and
//         clause 8.4 (channels), ANSI/CTA-708-E clauses 5 and 6.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace butai::media {

struct CaptionChannels {
  std::uint8_t lines = 0;      // bit n: CC(n + 1) of CEA-608
  std::uint64_t services = 0;  // bit n: service n of CEA-708, 1 to 63

  bool none() const { return lines == 0 && services == 0; }
  friend CaptionChannels operator|(CaptionChannels a, CaptionChannels b) {
    return {static_cast<std::uint8_t>(a.lines | b.lines), a.services | b.services};
  }
  friend bool operator==(CaptionChannels, CaptionChannels) = default;
};

// Of an access unit (4-byte lengths): lines that say something there, services that begin a packet.
CaptionChannels find_captions(ByteView unit);

// "CC1" … "CC4", "SERVICE1" … "SERVICE63", as HLS and DASH name them.
std::vector<std::string> names_of(CaptionChannels channels);

}  // namespace butai::media
