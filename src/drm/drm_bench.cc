// What protection costs: bytes per second of whole frames, beside the raw cipher and beside writing
// the same chunks in clear. CPU seconds per GB = 1 / (GB/s).
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <memory>

#include "drm/testing/keys.h"
#include "drm/track_protector.h"
#include "media/testing/tracks.h"

namespace {

using namespace butai;

// 50 KB a frame: 12 Mbit/s at 30 frames per second, in one slice.
constexpr std::size_t kFrame = 50'000;

media::Track picture() {
  media::Track track = media::testing::video_track();
  track.config = media::testing::from_hex(media::testing::kAvcHigh30);
  track.width = 320;
  track.height = 240;
  return track;
}

std::vector<media::Frame> frames(std::size_t slices) {
  std::vector<std::uint8_t> data;
  for (std::size_t i = 0; i < slices; ++i) {
    const Bytes header = media::testing::from_hex("650288884003bf");
    const std::size_t size = kFrame / slices;
    for (int shift = 24; shift >= 0; shift -= 8) {
      data.push_back(static_cast<std::uint8_t>(size >> shift));
    }
    data.insert(data.end(), header.view().begin(), header.view().end());
    while (data.size() < (i + 1) * (size + 4)) {
      data.push_back(static_cast<std::uint8_t>(data.size() * 31 + 7));
    }
  }
  media::Frame frame;
  frame.key = true;
  frame.duration = 3000;
  frame.data = Bytes(std::move(data));
  return {frame};
}

void clear(benchmark::State& state) {
  const auto frame = frames(1);
  for (auto _ : state) benchmark::DoNotOptimize(media::write_chunk(picture(), frame, 1));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFrame));
}

void protect(benchmark::State& state, media::Scheme scheme, std::size_t slices) {
  const auto frame = frames(slices);
  auto protector = drm::TrackProtector::make(picture(), drm::testing::key_period(scheme));
  for (auto _ : state) {
    if (!protector->add(frame.front())) state.SkipWithError("refused");
    benchmark::DoNotOptimize(protector->write(frame, 1));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFrame));
}

// The cipher alone over as many bytes as a frame has encrypted ones.
void raw(benchmark::State& state, const EVP_CIPHER* cipher, std::size_t encrypted) {
  const std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(),
                                                                           EVP_CIPHER_CTX_free);
  const drm::ContentKey key = drm::testing::content_key();
  EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.key.view().data(), key.constant_iv.data());
  std::vector<std::uint8_t> bytes(encrypted);
  for (auto _ : state) {
    int written = 0;
    EVP_EncryptUpdate(context.get(), bytes.data(), &written, bytes.data(),
                      static_cast<int>(bytes.size()));
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kFrame));
}

BENCHMARK(clear);
BENCHMARK_CAPTURE(raw, cbc_of_one_block_in_ten, EVP_aes_128_cbc(), kFrame / 160 * 16);
BENCHMARK_CAPTURE(protect, cbcs, media::Scheme::Cbcs, 1);
BENCHMARK_CAPTURE(protect, cbcs_8_slices, media::Scheme::Cbcs, 8);
BENCHMARK_CAPTURE(raw, ctr_of_every_block, EVP_aes_128_ctr(), kFrame / 16 * 16);
BENCHMARK_CAPTURE(protect, cenc, media::Scheme::Cenc, 1);
BENCHMARK_CAPTURE(protect, cenc_8_slices, media::Scheme::Cenc, 8);

}  // namespace
