// Decrypts samples where they stand: for `butai watch`, which is a player with a license of its own, and for
// tests, which hold the encryptor against it. Written from the standard alone, one AES block after another;
// it shares nothing with SampleEncryptor but the standard.
// Flow:   media::parse_chunk, media::read_auxiliary -> here
// Thread: its owner's; one cipher context per object.
// Limits: media/limits.h kSubsamplesMax, by whoever read them.
// Spec:   ISO/IEC 23001-7:2023 clauses 9 and 10 (cenc; cbcs 1:9 for the picture, every block for sound).
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "drm/content_key.h"
#include "media/track.h"

namespace butai::drm {

class SampleDecryptor {
 public:
  SampleDecryptor(media::Codec codec, const media::TrackProtection& protection,
                  const KeyBytes& key);

  // `iv` counts for cenc only. A picture's subsamples are as long as the sample, or nothing is done and it
  // says false; sound has none and is one region.
  bool decrypt(std::span<std::uint8_t> sample, std::span<const media::Subsample> subsamples,
               std::uint64_t iv);

 private:
  using Block = std::array<std::uint8_t, 16>;
  Block aes(const std::uint8_t* in);
  void chained(std::span<std::uint8_t> region, std::size_t every);
  void counted(std::span<std::uint8_t> region, std::uint64_t iv, std::uint64_t& used);

  struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  media::Codec codec_;
  media::TrackProtection protection_;
  std::unique_ptr<EVP_CIPHER_CTX, FreeContext> context_;
  Block keystream_{};
};

}  // namespace butai::drm
