// Dual mono as broadcasters send it: two programmes as two single channels of one AAC frame. No encoder
// here makes it, so the frames of two mono streams are put into one.
// Spec: ISO/IEC 14496-3:2019 clause 4.4.2.1 (raw_data_block); ARIB STD-B32 part 2 clause 5.2.3.
#pragma once

#include <stdexcept>

#include "media/aac.h"
#include "worker/testing/line_recorder.h"

namespace butai::worker::testing {

// AudioSpecificConfig of AAC-LC at 48 kHz, whose program_config_element has two single channels in front.
inline constexpr std::string_view kDualMonoConfig = "118004c80000001000";

inline std::vector<bool> bits_of(ByteView bytes) {
  std::vector<bool> bits;
  for (const std::uint8_t byte : bytes) {
    for (int i = 7; i >= 0; --i) bits.push_back((byte >> i & 1) != 0);
  }
  return bits;
}

// The single_channel_element (000, tag 0000) that is all of a block but its end (111, then zeros).
inline std::vector<bool> element_of(ByteView block) {
  std::vector<bool> bits = bits_of(block);
  while (!bits.empty() && !bits.back()) bits.pop_back();
  for (int i = 0; i < 7; ++i) {
    if (bits.size() < 10 || bits.at(static_cast<std::size_t>(i)))
      throw std::runtime_error("no SCE");
  }
  bits.resize(bits.size() - 3);
  return bits;
}

// Blocks with the channel of both files, as long as both last.
inline std::vector<Bytes> dual_mono_blocks(const std::string& main, const std::string& sub) {
  const Bytes first = file_bytes(main), second = file_bytes(sub);
  std::vector<Bytes> blocks;
  for (ByteView a = first, b = second;;) {
    const auto of_main = media::parse_adts(a), of_sub = media::parse_adts(b);
    if (!of_main || !of_sub) return blocks;
    a = a.subspan(of_main->whole_size), b = b.subspan(of_sub->whole_size);
    std::vector<bool> bits = element_of(of_main->frame), other = element_of(of_sub->frame);
    other.at(6) = true;  // tag 0001
    bits.insert(bits.end(), other.begin(), other.end());
    bits.insert(bits.end(), 3, true);
    std::vector<std::uint8_t> block((bits.size() + 7) / 8);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      if (bits[i]) block[i / 8] |= static_cast<std::uint8_t>(0x80 >> i % 8);
    }
    blocks.emplace_back(std::move(block));
  }
}

inline constexpr double kMainHertz = 440, kSubHertz = 1200;

inline std::string mono_aac(const std::string& name, double hertz) {
  return made(name,
              "-f lavfi -i sine=frequency=" + std::to_string(hertz) +
                  ":sample_rate=48000:duration=3 -c:a aac -ac 1 -b:a 64k -flags +bitexact -f adts");
}
inline std::vector<Bytes> dual_mono_of_two_tones() {
  return dual_mono_blocks(mono_aac("main.aac", kMainHertz), mono_aac("sub.aac", kSubHertz));
}

// A transport stream of kPicture and sound as it is in Japan: channel_configuration 0 and no
// program_config_element. Two programmes, 3 s of stereo (a tone of kStereoHertz), two programmes again.
inline constexpr double kStereoHertz = 2000;
inline std::string long_picture() {
  return made("long_picture.mp4", "-f lavfi -i testsrc2=size=320x180:rate=30:duration=9 " + kH264);
}
inline std::string dual_mono_ts() {
  const std::string stereo =
      made("between.aac",
           "-f lavfi -i sine=frequency=2000:sample_rate=48000:duration=3 " + kAac + "-f adts");
  const std::string path = media_folder() / "dual.aac";
  std::ofstream file(path, std::ios::binary);
  const auto dual_mono = [&file] {
    for (const Bytes& block : dual_mono_of_two_tones()) {
      file << adts_head(block.size(), 0).text() << block.text();
    }
  };
  dual_mono();
  file << file_bytes(stereo).text();
  dual_mono();
  file.close();
  // ffmpeg must decode some of it to know its rate.
  return made("dual.ts", "-i " + long_picture() + " -dual_mono_mode main -i " + path +
                             " -map 0:v -map 1:a -c copy -f mpegts");
}

}  // namespace butai::worker::testing
