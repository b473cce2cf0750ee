#include "ticketing/catalog/curtain.h"

#include "base/log.h"
#include "ticketing/limits.h"

namespace butai::ticketing {

void Curtain::start(Executor& home) {
  home_ = &home;
  look();
}

void Curtain::look() {
  tell();
  for (Closing& one : due_at(*office_.rights().catalog(), clock_.utc(), kAfterEnd)) {
    if (!done_.contains(which(one))) due_.push_back(std::move(one));
  }
  destroy_next();
}

void Curtain::tell() {
  const Utc now = clock_.utc();
  for (const Closing& one : due_at(*office_.rights().catalog(), now, kToldAfterEnd)) {
    // What ended before that is destroyed, which tells as well.
    if (now >= one.end + kAfterEnd || !told_.insert(which(one)).second) continue;
    stage_.end(one.channel);
  }
}

// One after another; then the next look.
void Curtain::destroy_next() {
  if (due_.empty()) {
    timer_ = home_->after(kLookEvery, [this] { look(); });
    return;
  }
  const Closing closing = std::move(due_.front());
  due_.pop_front();
  ask_whether_done(closing);
}

void Curtain::ask_whether_done(const Closing& closing) {
  office_.ask<bool>(
      *home_, [closing](Work& work) -> Outcome<bool> { return has_record(work, closing); },
      [this, closing](Outcome<bool> there) {
        if (!there) return destroy_next();  // the database says when it can be asked again
        // Written by another node, or before this one was started. Who told players has their segments
        // and keys in memory all the same.
        if (!*there || told_.contains(which(closing))) return destroy(closing);
        done_.insert(which(closing));
        destroy_next();
      });
}

void Curtain::destroy(const Closing& closing) {
  stage_.purge(closing.channel, *home_, [this, closing](Purged purged) {
    Purged& all = purged_[which(closing)];
    all.segments += purged.segments;
    all.bytes += purged.bytes;
    write_down(closing);
  });
}

void Curtain::write_down(const Closing& closing) {
  office_.ask<std::size_t>(
      *home_,
      [this, closing, memory = purged_[which(closing)],
       catalog = office_.rights().catalog()](Work& work) -> Outcome<std::size_t> {
        const Event* event = catalog->by_id(closing.event);
        if (event == nullptr) return std::unexpected(Fault::NotFound);
        Destroyed what{memory, stage_.destroy_keys(work.sql, closing.channel)};
        if (!has_record(work, closing)) keep_record(work, closing, *event, what, key_);
        return what.keys.size();
      },
      [this, closing](Outcome<std::size_t> keys) {
        if (keys) {
          stage_.forget_keys(closing.channel);
          stage_.open(closing.channel);
          purged_.erase(which(closing));
          done_.insert(which(closing));
          log::info("a channel's keys and segments are destroyed",
                    {{"channel", closing.channel}, {"event", closing.event}, {"keys", *keys}});
        } else {
          log::warning("what was destroyed could not be written down; it is tried again",
                       {{"channel", closing.channel}, {"why", sentence(keys.error())}});
        }
        destroy_next();
      });
}

}  // namespace butai::ticketing
