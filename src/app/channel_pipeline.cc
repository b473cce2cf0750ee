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
  channel.attach(std::make_unique<package::Packager>(channel, package::PackagerOptions{}));
}

}  // namespace butai::app
