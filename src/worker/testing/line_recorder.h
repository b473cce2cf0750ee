// For tests and benches of a Line with the real butai-worker: where it is, media made by the ffmpeg
// program (into a folder that goes away with the process), and a listener that keeps everything.
#pragma once

#include <stdlib.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "media/h264.h"
#include "worker/line.h"

namespace butai::worker::testing {

// Beside the folder of this test program, or where the environment says.
inline std::string worker_executable() {
  if (const char* set = std::getenv("BUTAI_WORKER")) return set;
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return (self.parent_path().parent_path() / "butai-worker").string();
}

class MediaFolder {
 public:
  MediaFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "butai-worker-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~MediaFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};
inline MediaFolder& media_folder() {
  static MediaFolder folder;
  return folder;
}

// Runs a program; its standard output.
inline std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4096];
  while (const std::size_t count = fread(buffer, 1, sizeof buffer, pipe))
    text.append(buffer, count);
  if (pclose(pipe) != 0) throw std::runtime_error(command + " failed");
  return text;
}

// `arguments` of ffmpeg without the output; the file, made once.
inline std::string made(const std::string& name, const std::string& arguments) {
  const std::string path = media_folder() / name;
  if (!std::filesystem::exists(path)) {
    output_of("ffmpeg -nostdin -v error " + arguments + " " + path);
  }
  return path;
}

inline Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::vector<std::uint8_t>(std::istreambuf_iterator<char>(file), {}));
}

// What ffprobe says of every packet of one kind ("v" or "a"): pts, dts, key, Adler-32 of the bytes.
struct Packet {
  std::int64_t pts = 0, dts = 0;
  bool key = false;
  std::uint32_t sum = 0;
  friend bool operator==(const Packet&, const Packet&) = default;
};
inline std::vector<Packet> packets_of(const std::string& path, const std::string& kind) {
  std::istringstream lines(
      output_of("ffprobe -v error -select_streams " + kind +
                " -show_packets -show_data_hash adler32"
                " -show_entries packet=pts,dts,flags,data_hash -of default=noprint_wrappers=1 " +
                path));
  std::vector<Packet> packets;
  Packet packet;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    const std::string name = line.substr(0, equals), value = line.substr(equals + 1);
    if (name == "pts") packet.pts = std::stoll(value);
    if (name == "dts") packet.dts = std::stoll(value);
    if (name == "flags") packet.key = value[0] == 'K';
    if (name == "data_hash") {  // the last of a packet
      packet.sum = static_cast<std::uint32_t>(std::stoul(value.substr(8), nullptr, 16));
      packets.push_back(packet);
    }
  }
  return packets;
}

inline std::uint32_t adler32(ByteView bytes) {
  std::uint32_t a = 1, b = 0;
  for (const std::uint8_t byte : bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}
inline Packet packet_of(const media::Frame& frame) {
  return {frame.pts, frame.dts, frame.key, adler32(frame.data)};
}

// 3 s of a moving picture and a tone, and two files made of them.
inline const std::string kPicture = "-f lavfi -i testsrc2=size=640x360:rate=30:duration=3 ";
inline const std::string kTone = "-f lavfi -i sine=frequency=440:sample_rate=48000:duration=3 ";
inline const std::string kH264 = "-c:v libx264 -preset veryfast -g 60 -bf 2 -pix_fmt yuv420p ";
inline const std::string kAac = "-c:a aac -b:a 96k -ac 2 ";
inline const std::string kFragments =
    "-movflags +frag_keyframe+empty_moov+default_base_moof -f mp4 -frag_duration 500000 ";

inline std::string plain_mp4() { return made("plain.mp4", kPicture + kTone + kH264 + kAac); }
inline std::string fragmented_mp4() {
  return made("fragmented.mp4", "-i " + plain_mp4() + " -c copy " + kFragments);
}

inline std::vector<Packet> packets_of(const std::vector<media::Frame>& frames) {
  std::vector<Packet> packets;
  for (const auto& frame : frames) packets.push_back(packet_of(frame));
  return packets;
}
inline std::vector<std::uint32_t> sums_of(const std::vector<Packet>& packets) {
  std::vector<std::uint32_t> sums;
  for (const auto& packet : packets) sums.push_back(packet.sum);
  return sums;
}

// An ADTS header (ISO/IEC 14496-3 clause 1.A.3.2) for one frame of AAC-LC at 48 kHz.
inline Bytes adts_head(std::size_t size, std::uint32_t channels) {
  const std::size_t whole = size + 7;
  return Bytes(std::vector<std::uint8_t>{
      0xff, 0xf1, static_cast<std::uint8_t>(1 << 6 | 3 << 2 | channels >> 2),
      static_cast<std::uint8_t>((channels & 3) << 6 | whole >> 11),
      static_cast<std::uint8_t>(whole >> 3), static_cast<std::uint8_t>((whole & 7) << 5 | 0x1f),
      0xfc});
}

// Writes the picture as a file that ffmpeg decodes; how many pictures it found in it.
inline std::size_t decodable(const std::vector<media::Frame>& frames, const media::Track& track,
                             const std::string& name) {
  const std::string path = media_folder() / name;
  std::ofstream file(path, std::ios::binary);
  const auto config = media::parse_avc_config(track.config);
  const auto put = [&](ByteView nal) {
    file.write("\0\0\0\1", 4);
    file.write(reinterpret_cast<const char*>(nal.data()), static_cast<std::streamsize>(nal.size()));
  };
  for (const auto& set : config.value().sps) put(set);
  for (const auto& set : config.value().pps) put(set);
  for (const auto& frame : frames) {
    const auto nals = media::split_lengths(frame.data);
    for (const auto nal : nals.value()) put(nal);
  }
  file.close();
  return std::stoul(
      output_of("ffprobe -v error -f h264 -count_frames -select_streams v "
                "-show_entries stream=nb_read_frames -of csv=p=0 " +
                path));
}

// The sound as ffmpeg decodes it, one plane a channel; its first sample is the first frame's.
inline std::vector<std::vector<float>> decoded(const std::vector<media::Frame>& frames,
                                               const media::Track& track, const std::string& name) {
  const std::string path = media_folder() / (name + ".aac");
  std::ofstream file(path, std::ios::binary);
  for (const auto& frame : frames) {
    const Bytes head = adts_head(frame.data.size(), track.channels);
    file << head.text() << frame.data.text();
  }
  file.close();
  const std::string raw = made(name + ".f32", "-i " + path + " -f f32le");
  const Bytes bytes = file_bytes(raw);
  std::vector<float> mixed(bytes.size() / sizeof(float));
  std::memcpy(mixed.data(), bytes.data(), mixed.size() * sizeof(float));
  std::vector<std::vector<float>> planes(track.channels);
  for (std::size_t i = 0; i < mixed.size(); ++i) planes[i % planes.size()].push_back(mixed[i]);
  return planes;
}

struct Recorder final : LineListener {
  void on_tracks(const std::vector<media::Track>& told) override {
    tracks = told;
    ++track_tellings;
  }
  void on_frame(media::Frame frame) override {
    auto& sound = frame.track == media::kSecondSound ? second : audio;
    (frame.track == media::kVideoTrack ? video : sound).push_back(std::move(frame));
  }
  void on_picture(media::Picture picture) override { pictures.push_back(std::move(picture)); }
  void on_loss(const std::string& reason) override { losses.push_back(reason); }
  void on_complaint(const std::string& sentence) override { complaints.push_back(sentence); }
  void on_writable() override { writable = true; }
  void on_end() override { ended = true; }

  const media::Track* track(media::TrackId id) const {
    for (const auto& each : tracks) {
      if (each.id == id) return &each;
    }
    return nullptr;
  }

  std::vector<media::Track> tracks;
  int track_tellings = 0;
  std::vector<media::Frame> video, audio, second;
  std::vector<media::Picture> pictures;
  std::vector<std::string> losses, complaints;
  bool ended = false, writable = false;
};

}  // namespace butai::worker::testing
