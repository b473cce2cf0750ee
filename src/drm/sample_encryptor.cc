#include "drm/sample_encryptor.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "media/byte_reader.h"
#include "media/limits.h"

namespace butai::drm {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::size_t kPattern = 10 * kBlock;  // one block encrypted, nine skipped
constexpr std::size_t kLengthField = 4;

// Coded slice data of any kind (table 7-1): none of it may leave in clear.
bool is_slice_data(std::uint8_t type) {
  return (type >= 1 && type <= 5) || (type >= 19 && type <= 21);
}

// Splits clear runs that are longer than a subsample can say.
void append(std::vector<media::Subsample>& out, std::size_t clear, std::size_t encrypted) {
  constexpr std::size_t kClearMax = 0xffff;
  for (; clear > kClearMax; clear -= kClearMax) out.push_back({kClearMax, 0});
  out.push_back({static_cast<std::uint16_t>(clear), static_cast<std::uint32_t>(encrypted)});
}

}  // namespace

std::expected<SampleEncryptor, DrmError> SampleEncryptor::make(const media::Track& track,
                                                               media::Scheme scheme,
                                                               const ContentKey& key) {
  SampleEncryptor made;
  made.scheme_ = scheme;
  made.video_ = track.codec == media::Codec::H264;
  made.constant_iv_ = key.constant_iv;
  if (made.video_ && !made.headers_.take_config(track.config)) {
    return std::unexpected(DrmError::BadConfig);
  }
  made.context_.reset(EVP_CIPHER_CTX_new());
  const EVP_CIPHER* cipher = scheme == media::Scheme::Cbcs ? EVP_aes_128_cbc() : EVP_aes_128_ctr();
  if (!made.context_ || EVP_EncryptInit_ex(made.context_.get(), cipher, nullptr,
                                           key.key.view().data(), nullptr) != 1) {
    return std::unexpected(DrmError::NoCipher);
  }
  EVP_CIPHER_CTX_set_padding(made.context_.get(), 0);
  return made;
}

std::expected<std::size_t, DrmError> SampleEncryptor::clear_of(ByteView nal) const {
  const std::uint8_t type = nal[0] & 0x1f;
  if (type != 1 && type != 5 && type != 19) return std::unexpected(DrmError::UnknownSlice);
  const auto header = headers_.header_size(nal);
  if (!header) return std::unexpected(DrmError::BadSlice);
  return *header;
}

std::expected<void, DrmError> SampleEncryptor::plan(ByteView sample,
                                                    std::vector<media::Subsample>& out) {
  if (!video_) return {};
  const std::size_t before = out.size();
  const auto refuse = [&](DrmError error) {
    out.resize(before);
    return std::unexpected(error);
  };
  std::size_t clear = 0;
  media::ByteReader reader(sample);
  while (reader.left() > 0) {
    const ByteView nal = reader.bytes(reader.u32());
    if (!reader.ok() || nal.empty()) return refuse(DrmError::BadUnit);
    if (!is_slice_data(nal[0] & 0x1f)) {
      headers_.take(nal);
      clear += kLengthField + nal.size();
      continue;
    }
    const auto header = clear_of(nal);
    if (!header) return refuse(header.error());
    std::size_t encrypted = nal.size() - *header;
    if (scheme_ == media::Scheme::Cenc) encrypted -= encrypted % kBlock;
    clear += kLengthField + nal.size() - encrypted;
    if (encrypted == 0) continue;
    append(out, clear, encrypted);
    clear = 0;
  }
  if (clear > 0) append(out, clear, 0);
  if (out.size() - before > media::kSubsamplesMax) return refuse(DrmError::TooManySlices);
  return {};
}

void SampleEncryptor::start(std::span<const std::uint8_t, 16> iv) {
  [[maybe_unused]] const int done =
      EVP_EncryptInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data());
  assert(done == 1);
}

void SampleEncryptor::update(std::uint8_t* bytes, std::size_t size) {
  int written = 0;
  [[maybe_unused]] const int done =
      EVP_EncryptUpdate(context_.get(), bytes, &written, bytes, static_cast<int>(size));
  assert(done == 1 && static_cast<std::size_t>(written) == size);
}

void SampleEncryptor::encrypt(std::span<std::uint8_t> sample,
                              std::span<const media::Subsample> subsamples, std::uint64_t iv) {
  if (scheme_ == media::Scheme::Cenc) {
    std::array<std::uint8_t, 16> counter{};
    for (std::size_t i = 0; i < 8; ++i) counter[i] = static_cast<std::uint8_t>(iv >> (56 - 8 * i));
    start(counter);
    if (!video_) return update(sample.data(), sample.size());
  } else if (!video_) {
    start(constant_iv_);
    return update(sample.data(), sample.size() - sample.size() % kBlock);
  }
  std::size_t at = 0;
  for (const media::Subsample& subsample : subsamples) {
    at += subsample.clear;
    const std::span<std::uint8_t> region = sample.subspan(at, subsample.encrypted);
    if (scheme_ == media::Scheme::Cenc) {
      if (!region.empty()) update(region.data(), region.size());
    } else {
      encrypt_pattern(region);
    }
    at += subsample.encrypted;
  }
}

// The blocks of the pattern are gathered, encrypted in one call and put back: a call per block would
// cost more than the cipher.
void SampleEncryptor::encrypt_pattern(std::span<std::uint8_t> region) {
  constexpr std::size_t kGathered = 256;  // blocks; 4 KiB stay in the first cache
  std::array<std::uint8_t, kGathered * kBlock> blocks;
  if (region.size() < kBlock) return;
  start(constant_iv_);
  std::size_t left = (region.size() - kBlock) / kPattern + 1;
  for (std::size_t at = 0; left > 0;) {
    const std::size_t count = std::min(left, kGathered);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&blocks[i * kBlock], &region[at + i * kPattern], kBlock);
    }
    update(blocks.data(), count * kBlock);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&region[at + i * kPattern], &blocks[i * kBlock], kBlock);
    }
    at += count * kPattern;
    left -= count;
  }
}

}  // namespace butai::drm
