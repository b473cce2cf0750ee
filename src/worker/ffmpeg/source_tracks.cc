#include "worker/ffmpeg/source_tracks.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace butai::worker {
namespace {

constexpr std::array kVideo{AV_CODEC_ID_H264,  AV_CODEC_ID_HEVC,  AV_CODEC_ID_VP8,
                            AV_CODEC_ID_VP9,   AV_CODEC_ID_AV1,   AV_CODEC_ID_MPEG2VIDEO,
                            AV_CODEC_ID_MPEG4, AV_CODEC_ID_MJPEG, AV_CODEC_ID_FLV1};
constexpr std::array kAudio{AV_CODEC_ID_AAC,       AV_CODEC_ID_OPUS,     AV_CODEC_ID_VORBIS,
                            AV_CODEC_ID_MP3,       AV_CODEC_ID_MP2,      AV_CODEC_ID_AC3,
                            AV_CODEC_ID_EAC3,      AV_CODEC_ID_AAC_LATM, AV_CODEC_ID_FLAC,
                            AV_CODEC_ID_PCM_S16LE, AV_CODEC_ID_PCM_F32LE};

template <class List>
bool has(const List& list, AVCodecID id) {
  return std::ranges::find(list, id) != list.end();
}

// Ticks a second of the picture's times: those of the source where they divide seconds finely, so
// that nothing is rounded, else 90 kHz.
std::uint32_t video_timescale(AVRational time_base) {
  constexpr int kUsual = 90'000, kFine = 10'000;
  const bool fine = time_base.num == 1 && time_base.den >= kFine && time_base.den <= 10'000'000;
  return static_cast<std::uint32_t>(fine ? time_base.den : kUsual);
}

// Indices of the sounds that could be taken.
std::vector<int> sounds_of(const AVFormatContext& format) {
  std::vector<int> indices;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVCodecParameters& parameters = *format.streams[i]->codecpar;
    const bool sound = parameters.codec_type == AVMEDIA_TYPE_AUDIO;
    if (sound && has(kAudio, parameters.codec_id)) indices.push_back(static_cast<int>(i));
  }
  return indices;
}

DecodeTimesAre decode_times_of(const AVFormatContext& format) {
  const bool matroska = std::string_view(format.iformat->name).starts_with("matroska");
  return matroska ? DecodeTimesAre::Derived : DecodeTimesAre::Stored;
}

}  // namespace

bool brings_second(const AVFormatContext& format, const Encoding& encoding) {
  return encoding.sounds > 1 && sounds_of(format).size() > 1;
}

void SourceTracks::adopt(const AVFormatContext& format, const AVStream& source) {
  const AVCodecParameters& parameters = *source.codecpar;
  const bool picture = parameters.codec_type == AVMEDIA_TYPE_VIDEO;
  const bool sound = parameters.codec_type == AVMEDIA_TYPE_AUDIO;
  const bool all_sounds = audio_ && (second_ || encoding_.sounds < 2);
  if ((picture && video_) || (sound && all_sounds) || (!picture && !sound)) return;
  const bool known = picture ? has(kVideo, parameters.codec_id) : has(kAudio, parameters.codec_id);
  if (!known) {
    if (parameters.codec_id != AV_CODEC_ID_NONE && !complained_) {
      complained_ = true;
      parent_.complain(
          fmt::format("A track is coded in {}, which is not taken; send H.264 and AAC.",
                      avcodec_get_name(parameters.codec_id)));
    }
    return;
  }
  if (picture) {
    video_index_ = source.index;
    video_ = std::make_unique<VideoPath>(source, decode_times_of(format),
                                         video_timescale(source.time_base), encoding_, sink_,
                                         anchor_, parent_);
  } else {
    adopt_sound(format, source);
  }
}

void SourceTracks::adopt_sound(const AVFormatContext& format, const AVStream& source) {
  const bool second = brings_second(format, encoding_) && source.index != sounds_of(format).front();
  if (!second && !audio_) {
    audio_index_ = source.index;
    audio_ = std::make_unique<AudioPath>(media::kAudioTrack, source, encoding_, sink_, parent_);
  }
  if (!second || second_ || source.index != sounds_of(format)[1]) return;
  Encoding encoding = encoding_;
  if (encoding.dual_mono == media::DualMono::Both) encoding.dual_mono = media::DualMono::Main;
  second_index_ = source.index;
  second_ = std::make_unique<AudioPath>(media::kSecondSound, source, encoding, sink_, parent_);
}

void SourceTracks::adopt_all(const AVFormatContext& format) {
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    if (format.streams[i]->codecpar->extradata_size > 0) adopt(format, *format.streams[i]);
  }
}

void SourceTracks::take(const AVFormatContext& format, const AVPacket& packet) {
  if (packet.stream_index < 0 || static_cast<unsigned>(packet.stream_index) >= format.nb_streams) {
    return;
  }
  if (packet.stream_index != video_index_ && packet.stream_index != audio_index_ &&
      packet.stream_index != second_index_) {
    adopt(format, *format.streams[packet.stream_index]);
  }
  if (packet.stream_index == video_index_) video_->take(packet);
  if (packet.stream_index == audio_index_) audio_->take(packet);
  if (packet.stream_index != second_index_) return;
  if (!audio_ || !audio_->brings_both()) second_->take(packet);
}

void SourceTracks::finish() {
  if (video_) video_->finish();
  if (audio_) audio_->finish();
  if (second_ && !(audio_ && audio_->brings_both())) second_->finish();
}

void SourceTracks::ask_key_frame() {
  if (video_) video_->ask_key_frame();
}

}  // namespace butai::worker
