#include "drm/sample_decryptor.h"

#include <algorithm>

namespace butai::drm {
namespace {

constexpr std::size_t kBlock = 16;

}  // namespace

// cenc only ever encrypts (its counters), cbcs only decrypts.
SampleDecryptor::SampleDecryptor(media::Codec codec, const media::TrackProtection& protection,
                                 const KeyBytes& key)
    : codec_(codec), protection_(protection), context_(EVP_CIPHER_CTX_new()) {
  const int encrypts = protection.scheme == media::Scheme::Cenc ? 1 : 0;
  EVP_CipherInit_ex(context_.get(), EVP_aes_128_ecb(), nullptr, key.view().data(), nullptr,
                    encrypts);
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
}

SampleDecryptor::Block SampleDecryptor::aes(const std::uint8_t* in) {
  Block out{};
  int written = 0;
  EVP_CipherUpdate(context_.get(), out.data(), &written, in, kBlock);
  return out;
}

// Whole blocks, one at each multiple of `every` bytes, chained from the constant IV.
void SampleDecryptor::chained(std::span<std::uint8_t> region, std::size_t every) {
  Block before = protection_.constant_iv;
  for (std::size_t at = 0; at + kBlock <= region.size(); at += every) {
    Block cipher;
    std::copy_n(&region[at], kBlock, cipher.begin());
    const Block plain = aes(cipher.data());
    for (std::size_t i = 0; i < kBlock; ++i) region[at + i] = plain[i] ^ before[i];
    before = cipher;
  }
}

// `used`: bytes of the sample's keystream so far; it runs on over the subsamples.
void SampleDecryptor::counted(std::span<std::uint8_t> region, std::uint64_t iv,
                              std::uint64_t& used) {
  for (std::uint8_t& byte : region) {
    if (used % kBlock == 0) {
      Block counter{};
      for (std::size_t i = 0; i < 8; ++i) {
        counter[i] = static_cast<std::uint8_t>(iv >> (56 - 8 * i));
        counter[8 + i] = static_cast<std::uint8_t>((used / kBlock) >> (56 - 8 * i));
      }
      keystream_ = aes(counter.data());
    }
    byte ^= keystream_[used++ % kBlock];
  }
}

bool SampleDecryptor::decrypt(std::span<std::uint8_t> sample,
                              std::span<const media::Subsample> subsamples, std::uint64_t iv) {
  constexpr std::size_t kOneOfTen = 10 * kBlock;
  const bool counts = protection_.scheme == media::Scheme::Cenc;
  std::uint64_t used = 0;
  if (codec_ == media::Codec::Aac) {
    if (!subsamples.empty()) return false;
    counts ? counted(sample, iv, used) : chained(sample, kBlock);
    return true;
  }
  std::size_t covered = 0;
  for (const auto& [clear, encrypted] : subsamples) covered += std::size_t{clear} + encrypted;
  if (covered != sample.size()) return false;
  for (const auto& [clear, encrypted] : subsamples) {
    const std::span<std::uint8_t> region = sample.subspan(clear, encrypted);
    counts ? counted(region, iv, used) : chained(region, kOneOfTen);
    sample = sample.subspan(std::size_t{clear} + encrypted);
  }
  return true;
}

}  // namespace butai::drm
