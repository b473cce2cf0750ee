// Boxes that every movie header of ours has alike.
// Flow:   cmaf_writer.cc, wvtt_writer.cc -> here -> BoxWriter
// Thread: pure functions, any.
// Spec:   ISO/IEC 14496-12:2022 clauses 8.2.2, 8.6 and 8.7.
#pragma once

#include <cstdint>
#include <string_view>

#include "media/box_writer.h"
#include "media/track.h"

namespace butai::media {

inline void write_matrix(BoxWriter& out) {
  for (const std::uint32_t value : {0x10000u, 0u, 0u, 0u, 0x10000u, 0u, 0u, 0u, 0x40000000u}) {
    out.u32(value);
  }
}

inline void write_mvhd(BoxWriter& out) {
  const auto mvhd = out.full_box("mvhd", 0, 0);
  out.u32(0), out.u32(0);  // creation, modification: not said, so that nodes agree
  out.u32(1000), out.u32(0);
  out.u32(0x10000), out.u16(0x100), out.zeros(10);
  write_matrix(out);
  out.zeros(24);
  out.u32(kAudioTrack + 1);  // next_track_ID
}

inline void write_dinf(BoxWriter& out) {
  constexpr std::uint32_t kSameFile = 1;
  const auto dinf = out.box("dinf");
  const auto dref = out.full_box("dref", 0, 0);
  out.u32(1);
  const auto url = out.full_box("url ", 0, kSameFile);
}

// Fragmented files have their samples elsewhere.
inline void write_empty_tables(BoxWriter& out) {
  for (const std::string_view empty : {"stts", "stsc", "stco"}) {
    const auto table = out.full_box(empty, 0, 0);
    out.u32(0);
  }
  const auto stsz = out.full_box("stsz", 0, 0);
  out.u32(0), out.u32(0);
}

}  // namespace butai::media
