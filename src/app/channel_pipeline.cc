#include "app/channel_pipeline.h"

#include "package/packager.h"

namespace butai::app {

//  /ws ──▶ ingest::PublisherSession ──▶ ingest::Publication ──▶ worker::Line (butai-worker)
//                                              │                     │ frames
//                                              │ JPEG                ▼
//                                              │        live::Input (UTC time line) ──▶ live::Channel
//                                              ▼                                            │ clear frames
//                                    live::Channel::push_picture                            ▼
//                                              │                                  package::Packager
//                                              ▼                                            │ chunks
//            live::ChannelView on every loop ◀── live::Channel::publish ◀───────────────────┘
//                     │
//                     └──▶ delivery/{websocket,hls,dash,jpeg}
//
// The packager is the only reader of clear frames. House outputs (restream, clear recording, stills)
// will be attached here as well, each switched on by name in the configuration, and nowhere else.
void furnish_channel(live::Channel& channel) {
  package::PackagerOptions options;
  // Init segments may be kept for ever under init-NUMBER.mp4, so a channel that is opened again, here
  // or after a restart, must not use a number twice: it counts from its second of opening.
  options.first_presentation = static_cast<std::uint32_t>(
      std::chrono::floor<Seconds>(channel.opened().time_since_epoch()).count());
  channel.attach(std::make_unique<package::Packager>(channel, options));
}

}  // namespace butai::app
