// What `butai watch` has seen so far, over all connections of one run, and how it is told.
// Thread: plain values of their owner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/latency_figures.h"
#include "base/time.h"
#include "media/track.h"

namespace butai::client {

struct Seen {
  std::uint64_t frames = 0;    // video samples or JPEG pictures
  std::uint64_t sounds = 0;    // audio samples
  std::uint64_t messages = 0;  // binary ones
  std::uint64_t bytes = 0;
  std::uint64_t inits = 0;
  std::uint64_t gaps = 0;          // that the server announced
  std::uint64_t jumps = 0;         // of the time line that it did not announce
  std::uint64_t out_of_order = 0;  // messages older than the one before on their track
  std::uint64_t unreadable = 0;    // messages that are neither chunk, init nor JPEG
  std::uint64_t unstamped = 0;     // live frames without capture time: no latency known
  std::uint64_t reconnects = 0;
  std::uint64_t licenses = 0;          // of a protected channel that were given
  std::uint64_t licenses_refused = 0;  // or not given, for whatever reason
  std::vector<std::string> refusals;   // why, each once
  std::vector<std::string> key_ids;    // 32 hexadecimal digits, in the order of their licenses
  LatencyFigures license;              // from the question to the license
  bool keys_with_service = false;      // licenses come from a DRM service: nothing is opened here
  std::uint64_t opened = 0;            // samples that were decrypted
  std::uint64_t locked = 0;            // that no key came for
  std::uint64_t garbled = 0;           // that a key was there for, and that are no media with it
  LatencyFigures latency;              // capture to reception, of what was live when it came
  Micros connect{-1};                  // start of connecting to open; below zero: never
  Micros first_frame{-1};              // start of connecting to the first key frame or picture
  std::uint32_t width = 0, height = 0;
  std::vector<std::string> codecs;
  std::string protection = "none";
};

// Whether a protected channel could not be opened, and why; empty: it could, or is not protected.
std::string locked_out(const Seen& seen);

// One JSON object in one line, without line end; times in milliseconds.
std::string to_json(const Seen& seen, Micros lasted);
// A few lines "name  value" for a person.
std::string to_table(const Seen& seen, Micros lasted);
// One line while it runs. `bits_per_second` is that of the last interval.
std::string to_status(const Seen& seen, double bits_per_second);

}  // namespace butai::client
