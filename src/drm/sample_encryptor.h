// Encrypts the samples of one track under one key, where they stand.
//   1. plan() reads a sample and says what stays clear: length fields, NAL and slice headers, and
//      every NAL unit that is no slice. Sound has no subsamples.
//   2. encrypt() does it, after the chunk was laid out around the sample.
// cbcs: in each subsample one block of ten, from its first byte, chained from the constant IV; what
// is shorter than a block stays clear. Sound: every whole block.
// cenc: every byte, in whole blocks (what is left over stays clear in front), one counter per sample.
// Flow:   TrackProtector -> here
// Thread: the channel's loop; one cipher context per object, made once.
// Limits: media/limits.h kSubsamplesMax.
// Spec:   ISO/IEC 23001-7:2023 clauses 9 and 10; CTA-5005-A (cbcs 1:9).
#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <vector>

#include "drm/content_key.h"
#include "drm/error.h"
#include "media/h264_slice.h"
#include "media/track.h"

namespace butai::drm {

class SampleEncryptor {
 public:
  static std::expected<SampleEncryptor, DrmError> make(const media::Track& track,
                                                       media::Scheme scheme, const ContentKey& key);

  // Appends the sample's subsamples to `out`; nothing is appended on error. Parameter sets in the
  // sample are remembered for the slices behind them.
  std::expected<void, DrmError> plan(ByteView sample, std::vector<media::Subsample>& out);

  // `subsamples` as planned; `iv` counts for cenc only. Encryption of what was planned cannot fail.
  void encrypt(std::span<std::uint8_t> sample, std::span<const media::Subsample> subsamples,
               std::uint64_t iv);

 private:
  struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  SampleEncryptor() = default;
  std::expected<std::size_t, DrmError> clear_of(ByteView nal) const;
  void start(std::span<const std::uint8_t, 16> iv);
  void update(std::uint8_t* bytes, std::size_t size);
  void encrypt_pattern(std::span<std::uint8_t> region);

  media::Scheme scheme_ = media::Scheme::Cbcs;
  bool video_ = true;
  std::array<std::uint8_t, 16> constant_iv_{};
  media::SliceHeaders headers_;
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
};

}  // namespace butai::drm
