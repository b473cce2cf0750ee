#include "worker/ffmpeg/test_card.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <numbers>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "worker/ffmpeg/bitmap_font.h"

namespace butai::worker {
namespace {

constexpr std::int64_t kSecond = 1'000'000;  // microseconds

av::FramePtr new_picture(int width, int height, AVColorSpace matrix) {
  av::FramePtr picture = av::new_frame();
  picture->format = AV_PIX_FMT_YUV420P;
  picture->width = width;
  picture->height = height;
  picture->color_range = AVCOL_RANGE_MPEG;
  picture->colorspace = matrix;
  picture->color_primaries = AVCOL_PRI_BT709;
  picture->color_trc = AVCOL_TRC_BT709;
  av_frame_get_buffer(picture.get(), 0);
  return picture;
}

}  // namespace

TestCard::TestCard(int width, int height, AVColorSpace matrix)
    : width_(width & ~1),
      height_(height & ~1),
      matrix_(matrix),
      background_(new_picture(width_, height_, matrix)),
      picture_(new_picture(width_, height_, matrix)) {
  onto_ = background_.get();
  draw_background();
  onto_ = picture_.get();
}

void TestCard::fill(int x, int y, int width, int height, Colour colour) {
  const int left = std::clamp(x, 0, width_), right = std::clamp(x + width, 0, width_);
  const int top = std::clamp(y, 0, height_), bottom = std::clamp(y + height, 0, height_);
  if (left >= right) return;
  for (int line = top; line < bottom; ++line) {
    std::memset(onto_->data[0] + std::ptrdiff_t{line} * onto_->linesize[0] + left, colour.y,
                static_cast<std::size_t>(right - left));
  }
  for (int plane = 1; plane < 3; ++plane) {
    const auto count = static_cast<std::size_t>((right + 1) / 2 - left / 2);
    for (int line = top / 2; line < (bottom + 1) / 2; ++line) {
      std::memset(onto_->data[plane] + std::ptrdiff_t{line} * onto_->linesize[plane] + left / 2,
                  plane == 1 ? colour.u : colour.v, count);
    }
  }
}

TestCard::Colour TestCard::bar(int index) const {
  constexpr double kLevel = 0.75;
  // Red changes every bar, blue every second, green in the middle: the order of brightness.
  const bool red = index == 0 || index == 1 || index == 4 || index == 5;
  const bool green = index < 4, blue = index % 2 == 0;
  const double kr = matrix_ == AVCOL_SPC_BT709 ? 0.2126 : 0.299;
  const double kb = matrix_ == AVCOL_SPC_BT709 ? 0.0722 : 0.114;
  const double luma = kLevel * (red * kr + green * (1 - kr - kb) + blue * kb);
  const auto chroma = [&](double value, double weight) {
    return static_cast<std::uint8_t>(std::lround(128 + 224 * (value - luma) / (2 * (1 - weight))));
  };
  return {static_cast<std::uint8_t>(std::lround(16 + 219 * luma)), chroma(kLevel * blue, kb),
          chroma(kLevel * red, kr)};
}

void TestCard::disc(int x, int y, int radius, Colour colour) {
  for (int line = -radius; line <= radius; ++line) {
    const int half =
        static_cast<int>(std::sqrt(static_cast<double>(radius * radius - line * line)));
    fill(x - half, y + line, 2 * half, 1, colour);
  }
}

void TestCard::text(int x, int y, int scale, std::string_view letters, Colour colour) {
  for (const char letter : letters) {
    const Glyph& glyph = glyph_of(letter);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if ((glyph[static_cast<std::size_t>(row)] >> (kGlyphWidth - 1 - column)) & 1) {
          fill(x + column * scale, y + row * scale, scale, scale, colour);
        }
      }
    }
    x += (kGlyphWidth + 1) * scale;
  }
}

// White, yellow, cyan, green, magenta, red and blue at 75 % above, a grey ramp and a stage's floor
// below.
void TestCard::draw_background() {
  const int bars = height_ * 62 / 100, ramp = height_ * 8 / 100;
  for (int i = 0; i < 7; ++i) {
    const int from = width_ * i / 7;
    fill(from, 0, width_ * (i + 1) / 7 - from, bars, bar(i));
  }
  for (int x = 0; x < width_; x += 2) {
    const int grey = 16 + 219 * x / width_;
    fill(x, bars, 2, ramp, {static_cast<std::uint8_t>(grey), 128, 128});
  }
  fill(0, bars + ramp, width_, height_ - bars - ramp, {24, 132, 126});
}

void TestCard::draw_clock(Utc now, std::uint64_t count) {
  const int scale = width_ / 256;
  if (scale < 1) return;
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(now);
  const int millis = static_cast<int>((micros_of(now) % kSecond) / 1000);
  const std::tm parts = fmt::gmtime(std::chrono::system_clock::to_time_t(seconds));
  const std::string clock = fmt::format("{:%H:%M:%S}.{:03}", parts, millis);
  const std::string date = fmt::format("{:%Y-%m-%d} UTC", parts);
  const int left = width_ / 16, top = height_ * 75 / 100;
  text(left, top, scale * 2, clock, {225, 128, 128});
  const int below = top + (kGlyphHeight + 2) * scale * 2;
  text(left, below, scale, date, {150, 128, 128});
  text(left + width_ * 40 / 100, below, scale, fmt::format("FRAME {:06}", count % 1'000'000),
       {150, 128, 128});
  text(left, height_ / 16, scale * 2, "BUTAI", {28, 128, 128});
}

// A field that fills from left to right in each second, and flashes while the beep sounds.
void TestCard::draw_second(std::int64_t micros_in_second) {
  const int size = height_ / 6, x = width_ - size - width_ / 16, y = height_ * 75 / 100;
  fill(x, y, size, size, {48, 128, 128});
  const int filled = static_cast<int>(size * micros_in_second / kSecond);
  const bool beeps = micros_in_second < kSecond / 10;
  fill(x, y, beeps ? size : filled, size, beeps ? Colour{235, 128, 128} : Colour{110, 98, 190});
}

AVFrame& TestCard::draw(Utc now, std::uint64_t count) {
  av_frame_make_writable(picture_.get());  // the encoder may still look at the last one
  av_frame_copy(picture_.get(), background_.get());
  const std::int64_t micros = micros_of(now);
  const double turn = static_cast<double>(micros % (2 * kSecond)) / (2 * kSecond);
  const double angle = turn * 2 * std::numbers::pi;
  const int radius = height_ / 12;
  const int reach = width_ / 2 - 2 * radius;
  const int x = width_ / 2 + static_cast<int>(std::sin(angle) * reach);
  const int y = height_ * 35 / 100 - static_cast<int>(std::abs(std::cos(angle)) * height_ / 8);
  disc(x + radius / 6, y + radius / 6, radius, {20, 128, 128});
  disc(x, y, radius, {210, 96, 152});
  disc(x - radius / 3, y - radius / 3, radius / 4, {235, 128, 128});
  draw_second(micros % kSecond);
  draw_clock(now, count);
  return *picture_;
}

}  // namespace butai::worker
