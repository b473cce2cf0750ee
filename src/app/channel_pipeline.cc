#include "app/channel_pipeline.h"

#include "app/ladder.h"
#include "app/meter.h"
#include "ingest/file/house_publisher.h"
#include "package/packager.h"

namespace butai::app {

//  /ws ──▶ ingest::PublisherSession ──▶ ingest::Publication ──▶ worker::Line (butai-worker)
//                                              │                     │ frames
//                                              │ JPEG                ▼
//                                              │        live::Input (UTC time line) ──▶ live::Channel
//                                              ▼                                            │ clear frames
//                                    live::Channel::push_picture                            ├──▶ app::Ladder
//                                              │                                            ▼        │
//                                              │                    package::Packager (drm: encrypts) ◀┘
//                                              ▼                                            │ chunks
//            live::ChannelView on every loop ◀── live::Channel::publish ◀───────────────────┘
//                     │
//                     └──▶ delivery/{websocket,hls,dash,jpeg}
//
// A test channel has an ingest::HousePublisher on input A instead of the first row.
//
// The packager reads clear frames; the ladder's worker, which gives its renditions to the packager and to
// nobody else; and, where it is wanted, the loudness meter of each input, which gives figures. House outputs (restream, clear recording, stills)
// will be attached here as well, each switched on by name in the configuration, and nowhere else.
void furnish_channel(live::Channel& channel, const Furniture& furniture) {
  package::PackagerOptions options;
  // Init segments may be kept for ever under init-NUMBER.mp4, so a channel that is opened again, here
  // or after a restart, must not use a number twice: it counts from its second of opening.
  options.first_presentation = static_cast<std::uint32_t>(
      std::chrono::floor<Seconds>(channel.opened().time_since_epoch()).count());
  if (const auto scheme = channel.options().protection) {
    options.keys = std::make_unique<drm::KeySchedule>(
        drm::ScheduleOptions{.request = {.channel = channel.options().name, .scheme = *scheme},
                             .rotation = channel.options().key_rotation},
        furniture.keys, furniture.loop);
    // The packager lives as long as the channel.
    channel.on_rotate_keys([schedule = options.keys.get()] { schedule->rotate(); });
  }
  options.captions = channel.options().captions;
  options.sounds = channel.options().sounds;
  auto packager = std::make_unique<package::Packager>(channel, std::move(options));
  package::Packager& at = *packager;
  channel.attach(std::move(packager));
  worker::LineOptions line;
  line.executable = furniture.worker;
  line.label = channel.options().name;
  // A test channel never takes the processor from a programme.
  line.priority = furniture.input ? worker::Priority::Background : worker::Priority::Usual;
  if (!furniture.ladder.empty()) {
    line.rungs = furniture.ladder;
    channel.attach(std::make_unique<Ladder>(furniture.loop, furniture.clock, line, at));
  }
  if (furniture.loudness) {
    for (const auto slot : {live::InputSlot::A, live::InputSlot::B}) {
      channel.attach(slot, std::make_unique<Meter>(channel, slot, furniture.loop, furniture.clock,
                                                   line, furniture.metrics));
    }
  }
  if (furniture.input) {
    line.encoding = furniture.encoding;
    line.encoding.dual_mono = channel.options().dual_mono;
    line.encoding.sounds = channel.options().sounds_taken();
    line.capture = *furniture.input;
    channel.keep(std::make_unique<ingest::HousePublisher>(channel, furniture.loop, furniture.clock,
                                                          std::move(line)));
  }
}

}  // namespace butai::app
