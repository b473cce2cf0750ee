#include "load/material.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "media/h264.h"
#include "media/jpeg.h"

namespace butai::load {
namespace {

constexpr std::uint32_t kVideoTimescale = 90'000;
constexpr std::uint32_t kSoundRate = 48'000;
constexpr std::size_t kMarkBytes = 1 + 16 + 16;
constexpr std::uint8_t kMarkByte = 'M';
constexpr std::size_t kFillerBytes = 1 << 20;
// First macroblock 0, an I or P slice of parameter set 0, and what a parser reads before the data.
constexpr std::uint8_t kIdrStart[] = {0x65, 0x88, 0x84};
constexpr std::uint8_t kSliceStart[] = {0x41, 0x9a, 0x21};
constexpr std::uint8_t kSoundStart[] = {0x21, 0x10};

class Bits {
 public:
  Bits& u(unsigned count, std::uint32_t value) {
    while (count-- > 0) {
      if (filled_ % 8 == 0) bytes_.push_back(0);
      bytes_.back() |= static_cast<std::uint8_t>((value >> count & 1) << (7 - filled_++ % 8));
    }
    return *this;
  }
  Bits& ue(std::uint32_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value + 1));
    return u(width - 1, 0).u(width, value + 1);
  }
  Bytes nal(std::uint8_t head) {
    u(1, 1);
    std::vector<std::uint8_t> out = media::escape(bytes_);
    out.insert(out.begin(), head);
    return Bytes(std::move(out));
  }

 private:
  std::vector<std::uint8_t> bytes_;
  unsigned filled_ = 0;
};

// Main profile, level 3.1, 1280 x 720, pictures in decode order.
Bytes sequence_parameters(std::uint32_t frames_per_second) {
  Bits bits;
  bits.u(8, 77).u(8, 0).u(8, 31).ue(0).ue(0).ue(2).ue(1).u(1, 0).ue(1280 / 16 - 1).ue(720 / 16 - 1);
  bits.u(1, 1).u(1, 1).u(1, 0);  // frames, direct 8x8, no cropping
  bits.u(1, 1)
      .u(4, 0)
      .u(1, 1)
      .u(32, 1)
      .u(32, 2 * frames_per_second)
      .u(1, 1)
      .u(4, 0);  // VUI: timing
  return bits.nal(0x67);
}

Bytes picture_parameters() {
  Bits bits;
  bits.ue(0).ue(0).u(2, 0).ue(0).ue(0).ue(0).u(3, 0).ue(0).ue(0).ue(0).u(3, 0);
  return bits.nal(0x68);
}

std::uint64_t mixed(std::uint64_t value) {
  value ^= value >> 31;
  value *= 0x9e3779b97f4a7c15;
  return value ^ value >> 29;
}

// Fast rather than strong: eight bytes a step.
std::uint64_t hash_of(ByteView bytes) {
  std::uint64_t hash = bytes.size();
  std::size_t at = 0;
  for (; at + 8 <= bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, 8);
    hash = mixed(hash ^ word);
  }
  for (; at < bytes.size(); ++at) hash = mixed(hash ^ bytes[at]);
  return hash;
}

void append_word(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) {
    out.push_back(static_cast<std::uint8_t>(0x40 | (value >> shift & 0xf)));
  }
}

std::optional<std::uint64_t> read_word(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    if ((bytes[i] & 0xf0) != 0x40) return std::nullopt;
    value = value << 4 | (bytes[i] & 0xf);
  }
  return value;
}

void append(std::vector<std::uint8_t>& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// A grey picture of 64 x 64: one table of each kind with a single code, so that every block is the
// two bits "no change, end of block".
constexpr std::uint8_t kJpegTables[] = {
    0xff, 0xc0, 0, 11, 8,    0, 64,   0, 64, 1, 1, 0x11, 0,  // SOF0
    0xff, 0xc4, 0, 20, 0x00, 1, 0,    0, 0,  0, 0, 0,    0,
    0,    0,    0, 0,  0,    0, 0,    0, 0,  // DHT DC: 0
    0xff, 0xc4, 0, 20, 0x10, 1, 0,    0, 0,  0, 0, 0,    0,
    0,    0,    0, 0,  0,    0, 0,    0, 0,       // DHT AC: end
    0xff, 0xda, 0, 8,  1,    1, 0x00, 0, 63, 0};  // SOS
constexpr std::size_t kJpegScanBytes = 64 * 2 / 8;
constexpr std::size_t kSegmentMax = 65'000;

}  // namespace

Material::Material(Workload workload) : workload_(workload), filler_(kFillerBytes) {
  std::uint64_t state = 1;
  for (std::uint8_t& byte : filler_) {
    state = mixed(state + 0x9e3779b97f4a7c15);
    byte = static_cast<std::uint8_t>(1 + state % 255);
  }
  sound_bits_ = workload.kbit_per_second >= 2'000 ? 128'000 : 64'000;
  media::Track video;
  video.timescale = kVideoTimescale;
  video.config = media::make_avc_config({.length_size = 4,
                                         .sps = {sequence_parameters(workload.frames_per_second)},
                                         .pps = {picture_parameters()}})
                     .value_or(Bytes{});
  video.width = 1280;
  video.height = 720;
  video.frame_rate = {workload.frames_per_second, 1};
  media::Track sound;
  sound.id = media::kAudioTrack;
  sound.codec = media::Codec::Aac;
  sound.timescale = kSoundRate;
  sound.config = Bytes(std::vector<std::uint8_t>{0x11, 0x90});  // AAC-LC, 48 kHz, stereo
  sound.sample_rate = kSoundRate;
  sound.channels = 2;
  tracks_ = {video, sound};
}

Micros Material::due(Kind kind, std::uint64_t number) const {
  const auto n = static_cast<std::int64_t>(number);
  if (kind == Kind::Sound) return Micros{mul_div(n, 1024 * 1'000'000LL, kSoundRate)};
  return Micros{mul_div(n, 1'000'000, workload_.frames_per_second)};
}

void Material::append_marked(std::vector<std::uint8_t>& out, std::uint64_t number,
                             std::size_t size) const {
  size = std::max(size, kMarkBytes + 1);
  const std::size_t filling = size - kMarkBytes;
  const std::size_t from = mixed(number) % (filler_.size() - std::min(filling, filler_.size() - 1));
  const ByteView filler = ByteView(filler_).subspan(from, std::min(filling, filler_.size() - from));
  out.push_back(kMarkByte);
  append_word(out, number);
  append_word(out, hash_of(filler));
  append(out, filler);
}

media::Frame Material::picture(std::uint64_t number, Utc captured) const {
  const std::uint32_t rate = workload_.frames_per_second;
  const std::size_t second = (workload_.kbit_per_second * 1000 - sound_bits_) / 8;
  const std::size_t key = rate > 1 ? second * 21 / 100 : second;
  media::Frame frame;
  frame.track = media::kVideoTrack;
  frame.key = number % rate == 0;
  frame.captured = captured;
  frame.dts = frame.pts = Ticks::from(captured.time_since_epoch(), kVideoTimescale).value;
  frame.duration = kVideoTimescale / rate;
  std::size_t size = key;
  if (!frame.key) {
    // 70 to 130 % of what is left for each, the same at every run.
    size = (second - key) / (rate - 1) * (70 + mixed(number) % 61) / 100;
  }
  std::vector<std::uint8_t> slice;
  slice.reserve(size + 64);
  append(slice, frame.key ? ByteView(kIdrStart) : ByteView(kSliceStart));
  append_marked(slice, number, size);
  const Bytes unit = media::join_lengths({ByteView(slice)});
  frame.data = media::with_capture_sei(unit, captured).value_or(unit);
  return frame;
}

media::Frame Material::sound(std::uint64_t number, Utc captured) const {
  media::Frame frame;
  frame.track = media::kAudioTrack;
  frame.key = true;
  frame.dts = frame.pts = Ticks::from(captured.time_since_epoch(), kSoundRate).value;
  frame.duration = 1024;
  std::vector<std::uint8_t> bytes(std::begin(kSoundStart), std::end(kSoundStart));
  append_marked(bytes, number, std::size_t{sound_bits_} / 8 * 1024 / kSoundRate);
  frame.data = Bytes(std::move(bytes));
  return frame;
}

Bytes Material::jpeg(std::uint64_t number, Utc captured) const {
  const std::size_t size = workload_.kbit_per_second * 1000UL / 8 / workload_.frames_per_second;
  std::vector<std::uint8_t> out{0xff, 0xd8};
  // Comments carry the bytes; the first one begins with the mark.
  std::size_t left = std::max<std::size_t>(size, 600) - 350;
  while (left > 0) {
    const std::size_t piece = std::min(left, kSegmentMax);
    std::vector<std::uint8_t> marked;
    append_marked(marked, number, piece);
    const std::size_t length = marked.size() + 2;
    append(out, std::vector<std::uint8_t>{0xff, 0xef, static_cast<std::uint8_t>(length >> 8),
                                          static_cast<std::uint8_t>(length)});
    append(out, marked);
    left -= piece;
  }
  append(out, std::vector<std::uint8_t>{0xff, 0xdb, 0, 67, 0});
  out.insert(out.end(), 64, 16);
  append(out, kJpegTables);
  out.insert(out.end(), kJpegScanBytes, 0);
  append(out, std::vector<std::uint8_t>{0xff, 0xd9});
  return media::add_capture_comment(Bytes(std::move(out)), captured);
}

std::optional<Mark> find_mark(ByteView contents) {
  if (contents.size() < kMarkBytes || contents[0] != kMarkByte) return std::nullopt;
  const auto number = read_word(contents.subspan(1));
  const auto hash = read_word(contents.subspan(17));
  if (!number || !hash) return std::nullopt;
  return Mark{*number, *hash == hash_of(contents.subspan(kMarkBytes))};
}

std::optional<Mark> mark_of_picture(ByteView unit) {
  const auto nals = media::split_lengths(unit);
  if (!nals || nals->empty() || nals->back().size() < sizeof kIdrStart) return std::nullopt;
  return find_mark(nals->back().subspan(sizeof kIdrStart));
}

std::optional<Mark> mark_of_sound(ByteView sound) {
  if (sound.size() < sizeof kSoundStart) return std::nullopt;
  return find_mark(sound.subspan(sizeof kSoundStart));
}

std::optional<Mark> mark_of_jpeg(ByteView jpeg) {
  // Segments up to the first one of ours (APP15).
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff) {
    const std::size_t length = std::size_t{jpeg[at + 2]} << 8 | jpeg[at + 3];
    if (length < 2 || at + 2 + length > jpeg.size()) return std::nullopt;
    if (jpeg[at + 1] == 0xef) return find_mark(jpeg.subspan(at + 4, length - 2));
    at += 2 + length;
  }
  return std::nullopt;
}

}  // namespace butai::load
