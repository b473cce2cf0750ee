// What the load generator sends: frames and pictures of exact sizes, each with its number and a hash
// of its contents inside, so that whoever receives one knows whether it is whole and what is missing.
// Flow:   Material -> Publisher (or the floor program) -> a server -> Examiner
// Thread: immutable, any.
// Limits: bitrates from 100 kbit/s; a key frame a second with a fifth of that second's bytes.
//
// A frame's contents are "@@@…" words (no byte is 0, so no emulation prevention is needed anywhere):
// kind, 64 bits of its number, 64 bits of hash, then incompressible filler. H.264 has a real
// configuration and slice heads, but no decoder would like the slices: servers under test that
// decode must be given something else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "media/frame.h"
#include "media/track.h"

namespace butai::load {

struct Workload {
  std::uint32_t kbit_per_second = 600;  // picture and sound together, or pictures
  std::uint32_t frames_per_second = 25;
};

enum class Kind : std::uint8_t { Picture, Sound, Jpeg };

// What `find_mark` found in a frame.
struct Mark {
  std::uint64_t number = 0;
  bool whole = false;  // the hash is that of what follows
};

class Material {
 public:
  explicit Material(Workload workload);

  const std::vector<media::Track>& tracks() const { return tracks_; }
  // When the numbered frame is due, from the start of sending.
  Micros due(Kind kind, std::uint64_t number) const;
  // `captured` becomes its decode time too. H.264 carries it in an SEI, JPEG in a comment.
  media::Frame picture(std::uint64_t number, Utc captured) const;
  media::Frame sound(std::uint64_t number, Utc captured) const;
  Bytes jpeg(std::uint64_t number, Utc captured) const;

 private:
  void append_marked(std::vector<std::uint8_t>& out, std::uint64_t number, std::size_t size) const;

  const Workload workload_;
  std::uint32_t sound_bits_ = 0;
  std::vector<media::Track> tracks_;
  std::vector<std::uint8_t> filler_;
};

// The mark at the front of a slice's or a sound's contents, if there is one.
std::optional<Mark> find_mark(ByteView contents);
// Of an access unit (4-byte lengths), of an AAC frame, of a JPEG.
std::optional<Mark> mark_of_picture(ByteView unit);
std::optional<Mark> mark_of_sound(ByteView sound);
std::optional<Mark> mark_of_jpeg(ByteView jpeg);

}  // namespace butai::load
