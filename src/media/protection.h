// What travels with a protected track: how its samples are encrypted, and what players are told
// about getting the key. Values only; drm/ encrypts, cmaf_writer writes the boxes.
// Flow:   drm (key period) -> media::Track::protection, live::Rendition::signals -> init segments,
//         playlists, manifests
// Thread: plain values, any.
// Spec:   ISO/IEC 23001-7:2023 clauses 7 to 10.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace butai::media {

enum class Scheme : std::uint8_t {
  Cbcs,  // AES-CBC, 1 of 10 blocks of the picture, constant IV
  Cenc,  // AES-CTR, every block, an IV per sample
};
inline const char* four_characters(Scheme scheme) {
  return scheme == Scheme::Cbcs ? "cbcs" : "cenc";
}

// In the order of its text form; only PlayReady swaps some of them (drm/pssh).
using KeyId = std::array<std::uint8_t, 16>;

struct TrackProtection {
  Scheme scheme = Scheme::Cbcs;
  KeyId kid{};
  std::array<std::uint8_t, 16> constant_iv{};  // cbcs
  friend bool operator==(const TrackProtection&, const TrackProtection&) = default;
};

// Bytes that stay clear, then bytes that are encrypted; a sample with subsamples is full of them.
struct Subsample {
  std::uint16_t clear = 0;
  std::uint32_t encrypted = 0;
  friend bool operator==(const Subsample&, const Subsample&) = default;
};

// The sample auxiliary information (senc) of a chunk's samples, in order.
struct ChunkAuxiliary {
  struct Sample {
    std::uint64_t iv = 0;  // cenc
    std::size_t subsamples = 0;
  };
  Scheme scheme = Scheme::Cbcs;
  std::vector<Sample> samples;
  std::vector<Subsample> subsamples;  // of all samples, one after another

  bool has_subsamples() const { return !subsamples.empty(); }
  void clear() {
    samples.clear();
    subsamples.clear();
  }
};

// What players of one key system are told about one key.
struct KeySystemSignal {
  std::string system_id;           // UUID in small letters
  std::string content_protection;  // XML inside DASH's ContentProtection; may be empty
  std::string hls_key;  // attributes of EXT-X-KEY and EXT-X-SESSION-KEY; empty: not in HLS
};

}  // namespace butai::media
