// Every bound of src/media, with its unit and its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace butai::media {

inline constexpr std::uint32_t kPictureSideMin = 16;    // pixels; one macroblock
inline constexpr std::uint32_t kPictureSideMax = 8192;  // pixels; H.264 level 6.2 (reliability B10)
inline constexpr std::uint64_t kPicturePixelsMax = 33'177'600;  // pixels; 7680 x 4320 (8K)
inline constexpr std::size_t kJpegSegmentsMax = 1024;   // markers before SOS; real files have < 40
inline constexpr std::size_t kJpegTrailerMax = 1024;    // bytes after EOI; some cameras pad
inline constexpr std::uint32_t kArtworkSideMin = 200;   // pixels; less is a smear on a phone
inline constexpr std::uint32_t kArtworkSideMax = 4096;  // pixels; more, and old phones show nothing
inline constexpr std::size_t kParameterSetMax = 4096;   // bytes of one SPS or PPS; real ones < 200
inline constexpr std::size_t kParameterSetsMax = 32;    // SPS or PPS of one record (5 bits)
inline constexpr std::uint32_t kPocCycleMax = 255;      // clause 7.4.2.1.1, bounds a loop
inline constexpr std::uint32_t kFrameRateMax = 300;     // frames per second; beyond is a broken VUI
inline constexpr std::uint32_t kSliceReferencesMax = 32;  // entries of a list; clause 7.4.3
inline constexpr std::size_t kAudioConfigMax = 64;        // bytes of an AudioSpecificConfig
inline constexpr std::size_t kSubsamplesMax = 40;      // of one sample; 8 + 2 + 6 n must fit a byte
inline constexpr int kBoxDepthMax = 16;                // nested boxes (reliability B17)
inline constexpr std::size_t kChunkSamplesMax = 4096;  // samples of one chunk that is read
inline constexpr std::size_t kTracksMax = 2;           // one video, one audio

}  // namespace butai::media
