#include "worker/ffmpeg/speech.h"

#include <fmt/format.h>

#include <string>

#include "worker/ffmpeg/av.h"
#include "worker/test_sound.h"

extern "C" {
#include <libavfilter/buffersink.h>
}

namespace butai::worker {

std::vector<float> spoken(const char* phrase) {
  std::vector<float> samples;
  const AVFilter* flite = avfilter_get_by_name("flite");
  const av::Own<AVFilterGraph> graph(avfilter_graph_alloc());
  if (flite == nullptr || !graph) return samples;
  graph->nb_threads = 1;
  AVFilterContext* voice = avfilter_graph_alloc_filter(graph.get(), flite, "voice");
  AVFilterContext* form = nullptr;
  AVFilterContext* sink = nullptr;
  const auto set = [&](const char* name, const char* value) {
    return av_opt_set(voice, name, value, AV_OPT_SEARCH_CHILDREN) >= 0;
  };
  const auto add = [&](AVFilterContext*& context, const char* name, const char* arguments) {
    return avfilter_graph_create_filter(&context, avfilter_get_by_name(name), name, arguments,
                                        nullptr, graph.get()) >= 0;
  };
  const std::string wanted =
      fmt::format("sample_fmts=flt:sample_rates={}:channel_layouts=mono", TestSound::kRate);
  const bool good = voice != nullptr && set("text", phrase) && set("voice", "slt") &&
                    avfilter_init_str(voice, nullptr) >= 0 &&
                    add(form, "aformat", wanted.c_str()) && add(sink, "abuffersink", nullptr) &&
                    avfilter_link(voice, 0, form, 0) == 0 && avfilter_link(form, 0, sink, 0) == 0 &&
                    avfilter_graph_config(graph.get(), nullptr) >= 0;
  if (!good) return samples;
  constexpr auto kMost = static_cast<std::size_t>(TestSound::kVoiceMost * TestSound::kRate);
  const auto frame = av::new_frame();
  while (samples.size() < kMost && av_buffersink_get_frame(sink, frame.get()) >= 0) {
    const auto* from = reinterpret_cast<const float*>(frame->data[0]);
    samples.insert(samples.end(), from, from + frame->nb_samples);
    av_frame_unref(frame.get());
  }
  return samples;
}

}  // namespace butai::worker
