#include "worker/ffmpeg/captions.h"

#include <algorithm>

namespace butai::worker {
namespace {

constexpr std::size_t kTriplet = 3;                       // bytes
constexpr std::size_t kPerPictureMax = 31;                // triplets
constexpr std::size_t kTripletsMax = 8 * kPerPictureMax;  // a quarter of a second at 30 a second

}  // namespace

std::vector<std::uint8_t> take_captions(AVFrame& picture) {
  const AVFrameSideData* captions = av_frame_get_side_data(&picture, AV_FRAME_DATA_A53_CC);
  if (captions == nullptr) return {};
  std::vector<std::uint8_t> triplets(captions->data, captions->data + captions->size);
  av_frame_remove_side_data(&picture, AV_FRAME_DATA_A53_CC);
  return triplets;
}

void CaptionCarrier::put(ByteView triplets) {
  const std::size_t whole = triplets.size() / kTriplet * kTriplet;
  waiting_.insert(waiting_.end(), triplets.begin(),
                  triplets.begin() + static_cast<std::ptrdiff_t>(whole));
  if (waiting_.size() <= kTripletsMax * kTriplet) return;
  waiting_.erase(waiting_.begin(), waiting_.end() - kTripletsMax * kTriplet);
}

void CaptionCarrier::give(AVFrame& picture) {
  const std::size_t size = std::min(waiting_.size(), kPerPictureMax * kTriplet);
  av_frame_remove_side_data(&picture, AV_FRAME_DATA_A53_CC);
  if (size == 0) return;
  AVFrameSideData* captions = av_frame_new_side_data(&picture, AV_FRAME_DATA_A53_CC, size);
  if (captions == nullptr) return;
  std::copy_n(waiting_.begin(), size, captions->data);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace butai::worker
