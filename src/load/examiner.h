// What a probe found out about everything it received: order, holes, contents, age.
// Flow:   messages or segments -> Examiner (one per viewer) -> Findings (one per thread)
// Thread: plain objects of their owner.
// Spec:   the marks of load/material.h; CMAF chunks (media/box_reader.h), JPEG.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/latency_figures.h"
#include "base/time.h"

namespace butai::load {

struct Findings {
  std::uint64_t frames = 0;  // pictures, whole ones
  std::uint64_t sounds = 0;
  std::uint64_t missing = 0;  // frames that should have been between two that came
  std::uint64_t out_of_order = 0;
  std::uint64_t damaged = 0;     // other bytes than were sent
  std::uint64_t unreadable = 0;  // neither chunk, init segment nor JPEG, or without a mark
  std::uint64_t told_gaps = 0;   // gap messages of the server
  LatencyFigures latency;        // capture to reception, of pictures

  bool flawless() const { return missing + out_of_order + damaged + unreadable + told_gaps == 0; }
  void add(const Findings& others);
};

class Examiner {
 public:
  // Sealed: of a protected channel, where neither numbers nor hashes can be read. Holes are then found in the
  // decode times, and damage is not.
  enum class Contents : std::uint8_t { Marked, Sealed };

  explicit Examiner(Findings& findings, Contents contents = Contents::Marked)
      : findings_(&findings), contents_(contents) {}

  // One message, or a segment of several chunks. Latency is counted for what was captured at or
  // after `live_from`: a new viewer first gets what is older.
  void take(ByteView bytes, Utc now, Utc live_from);
  // What is found from here on is written there; the frames before are remembered.
  void go_on_with(Findings& findings) { findings_ = &findings; }

 private:
  void take_chunks(ByteView bytes, Utc now, Utc live_from);
  void take_jpeg(ByteView bytes, Utc now, Utc live_from);
  void take_number(std::optional<std::uint64_t>& last, std::uint64_t number);
  void take_time(std::optional<std::int64_t>& next, std::int64_t time, std::int64_t duration);

  Findings* findings_;
  Contents contents_;
  std::optional<std::uint64_t> last_picture_, last_sound_;
  std::optional<std::int64_t> next_picture_, next_sound_;  // decode times, ticks of each track
};

}  // namespace butai::load
