// The test picture: colour bars, a ball that swings once in two seconds, a ring that fills once a
// second, the clock to the millisecond, a counter. Its sound is worker/test_sound.h.
// Flow:   capture job -> TestCard -> PictureOutput
// Thread: its job's.
// Limits: any even size from 16 pixels on; small ones leave the text out.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "worker/ffmpeg/av.h"

namespace butai::worker {

class TestCard {
 public:
  // `matrix`: BT.709 for video, SMPTE 170M (BT.601) for JPEG, which cannot say another.
  TestCard(int width, int height, AVColorSpace matrix);

  // The picture as it is at `now`; ours until the next call.
  AVFrame& draw(Utc now, std::uint64_t count);

 private:
  struct Colour {
    std::uint8_t y, u, v;
  };
  Colour bar(int index) const;
  void draw_background();
  void fill(int x, int y, int width, int height, Colour colour);
  void disc(int x, int y, int radius, Colour colour);
  void text(int x, int y, int scale, std::string_view letters, Colour colour);
  void draw_clock(Utc now, std::uint64_t count);
  void draw_second(std::int64_t micros_in_second);

  int width_, height_;
  AVColorSpace matrix_;
  av::FramePtr background_, picture_;
  AVFrame* onto_ = nullptr;
};

}  // namespace butai::worker
