#include "worker/ffmpeg/track_parameters.h"

#include <algorithm>

namespace butai::worker {

av::Own<AVCodecParameters> parameters_of(const media::Track& track) {
  av::Own<AVCodecParameters> parameters(avcodec_parameters_alloc());
  const bool video = track.codec == media::Codec::H264;
  parameters->codec_type = video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
  parameters->codec_id = video ? AV_CODEC_ID_H264 : AV_CODEC_ID_AAC;
  parameters->width = track.width;
  parameters->height = track.height;
  parameters->sample_rate = static_cast<int>(track.sample_rate);
  const std::size_t size = track.config.size();
  parameters->extradata =
      static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  parameters->extradata_size = static_cast<int>(size);
  std::ranges::copy(track.config.view(), parameters->extradata);
  return parameters;
}

}  // namespace butai::worker
