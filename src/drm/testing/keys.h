// Keys for tests, and a decryptor written from the standard alone, block by block, to hold the
// encryptor against.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "drm/content_key.h"
#include "drm/text.h"

namespace butai::drm::testing {

inline ContentKey content_key(TrackUse use = TrackUse::Sd) {
  ContentKey key;
  key.use = use;
  key.kid = *from_uuid("00112233-4455-6677-8899-aabbccddeeff");
  key.kid[15] = static_cast<std::uint8_t>(0xff - static_cast<int>(use));
  key.key = KeyBytes(*from_uuid("ffeeddccbbaa99887766554433221100"));
  key.constant_iv = *from_uuid("ef3d3e5cb12f6a4f14d3ad58de4e4247");
  key.ivs = std::make_shared<IvSequence>(7);
  return key;
}

inline KeyPeriodPtr key_period(media::Scheme scheme, std::uint64_t index = 1) {
  auto period = std::make_shared<KeyPeriod>();
  period->channel = "main";
  period->index = index;
  period->scheme = scheme;
  for (const TrackUse use : kTrackUses) {
    ContentKey key = content_key(use);
    key.kid[0] = static_cast<std::uint8_t>(index);
    period->keys.push_back(std::move(key));
  }
  return period;
}

// One AES block.
inline std::array<std::uint8_t, 16> aes(const ContentKey& key, const std::uint8_t* in,
                                        int encrypt) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.key.view().data(), nullptr,
                    encrypt);
  EVP_CIPHER_CTX_set_padding(context.get(), 0);
  std::array<std::uint8_t, 16> out{};
  int written = 0;
  EVP_CipherUpdate(context.get(), out.data(), &written, in, 16);
  return out;
}

inline void decrypt(std::span<std::uint8_t> sample, std::span<const media::Subsample> subsamples,
                    media::Scheme scheme, const ContentKey& key, std::uint64_t iv) {
  std::size_t at = 0;
  std::uint64_t counted = 0;  // bytes of keystream used
  std::array<std::uint8_t, 16> keystream{};
  for (const auto& [clear, encrypted] : subsamples) {
    at += clear;
    if (scheme == media::Scheme::Cenc) {
      for (std::size_t i = 0; i < encrypted; ++i, ++counted) {
        if (counted % 16 == 0) {
          std::array<std::uint8_t, 16> counter{};
          for (int b = 0; b < 8; ++b) {
            counter[b] = static_cast<std::uint8_t>(iv >> (56 - 8 * b));
            counter[8 + b] = static_cast<std::uint8_t>((counted / 16) >> (56 - 8 * b));
          }
          keystream = aes(key, counter.data(), 1);
        }
        sample[at + i] ^= keystream[counted % 16];
      }
    } else {
      std::array<std::uint8_t, 16> before = key.constant_iv;
      for (std::size_t o = 0; o + 16 <= encrypted; o += 160) {
        std::array<std::uint8_t, 16> cipher;
        std::copy_n(&sample[at + o], 16, cipher.begin());
        const auto plain = aes(key, cipher.data(), 0);
        for (std::size_t b = 0; b < 16; ++b) sample[at + o + b] = plain[b] ^ before[b];
        before = cipher;
      }
    }
    at += encrypted;
  }
}

}  // namespace butai::drm::testing
