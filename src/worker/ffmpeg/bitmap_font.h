// Letters of 5 x 7 points for the test picture: what a clock and a counter need.
// Thread: constants.
#pragma once

#include <array>
#include <cstdint>

namespace butai::worker {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7;
// Rows from the top; bit 4 is the left point.
using Glyph = std::array<std::uint8_t, kGlyphHeight>;

// Digits, capital letters, space and - . : /; anything else is a space.
const Glyph& glyph_of(char letter);

}  // namespace butai::worker
