// Decode times for containers that store presentation times only (WebM, Matroska), and where stored ones
// stand still.
// Thread: plain object of its job; a pure function.
//
// With n pictures between decoding and showing, the decode time of a picture is the smallest presentation
// time among it and the n before it. expect() says n, which is in the parameter sets (media::Sps::reordered):
// then the first picture is decoded n picture intervals before it is shown, as every later key frame is, and
// decode times run evenly. Where they do not say it, n is learnt: it grows by one whenever a picture comes that
// is to be shown before one that was decoded, and until it is known a few times are one tick apart. Browsers
// record without reordering: then every decode time is the presentation time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace butai::worker {

class DecodeTimes {
 public:
  // `jump`: a source that goes back further than this has started anew.
  explicit DecodeTimes(std::int64_t jump) : jump_(jump) {}

  // Of the source that starts next; `interval` between two pictures, in ticks.
  void expect(std::size_t reordered, std::int64_t interval) {
    reordered_ = std::min(reordered, kDepthMax);
    interval_ = std::max<std::int64_t>(interval, 1);
  }

  std::int64_t next(std::int64_t pts) {
    if (!started_ || last_ - pts > jump_) {
      started_ = true;
      const auto depth = static_cast<std::int64_t>(std::max(reordered_, ahead_.size()));
      ahead_.clear();
      for (std::int64_t n = depth; n > 0; --n) ahead_.push_back(pts - n * interval_);
      last_ = pts - depth * interval_ - 1;
    }
    ahead_.insert(std::ranges::upper_bound(ahead_, pts), pts);
    if (pts < last_ && ahead_.size() <= kDepthMax) return ++last_;
    last_ = std::max(last_ + 1, ahead_.front());
    ahead_.erase(ahead_.begin());
    return last_;
  }

 private:
  static constexpr std::size_t kDepthMax = 16;  // pictures: the most H.264 allows, clause A.3.1

  std::int64_t jump_, last_ = 0, interval_ = 1;
  std::size_t reordered_ = 0;
  bool started_ = false;
  std::vector<std::int64_t> ahead_;  // rising: what was decoded and not yet passed by decode times
};

// A muxer that has to guess how long a picture lasts writes the next one's time as that of the one before, or a
// little earlier (ffmpeg's fragments of one picture, where the file ends). The picture follows a tick behind: it
// is no source that starts anew.
constexpr std::int64_t follow_on(std::int64_t dts, std::int64_t last, std::int64_t interval) {
  return dts <= last && last - dts < interval ? last + 1 : dts;
}

}  // namespace butai::worker
