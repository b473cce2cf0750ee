#include "mail/post_office.h"

#include <fmt/format.h>

#include <array>
#include <condition_variable>  // the thread sleeps between looks, and is woken to end
#include <mutex>               // likewise
#include <thread>              // a conversation with a mail server takes seconds

#include "base/digest.h"
#include "base/log.h"
#include "mail/limits.h"
#include "mail/message.h"
#include "mail/wording.h"
#include "net/text.h"

namespace butai::mail {

struct PostOffice::Impl {
  Impl(store::Database& base, std::unique_ptr<Carrier> who, Desk from, const Clock& time,
       Metrics& metrics)
      : database(base), carrier(std::move(who)), desk(std::move(from)), clock(time) {
    constexpr std::array kFates{"taken", "refused", "later", "unknown"};
    for (std::size_t i = 0; i < kFates.size(); ++i) {
      counters[i] = &metrics.counter("butai_letters_total", "Letters handed over, by their fate.",
                                     {{"fate", kFates[i]}});
    }
  }

  store::Database& database;
  std::unique_ptr<Carrier> carrier;
  Desk desk;
  const Clock& clock;
  std::array<prometheus::Counter*, 4> counters{};
  std::mutex mutex;  // `stop`
  std::condition_variable wake;
  bool stop = false;
  std::thread thread;

  bool stopping() {
    const std::lock_guard lock(mutex);
    return stop;
  }

  Delivery deliver(const Claimed& letter) {
    const auto to = parse_address(letter.address);
    if (!to) return {Delivery::Fate::Refused, "that is not an address"};
    Values values = letter.values;
    std::string link = desk.site();
    std::string proof;
    for (const auto& [name, value] : values) {
      if (name == "path") link += value;
      if (name == "proof") proof = desk.seal(value);
    }
    values.emplace_back("link", link + proof);
    values.emplace_back("site", desk.site());
    const Worded words = worded(letter.kind, letter.language, values);
    const std::string id = hex_sha256("letter " + letter.key).substr(0, 32);
    const Message message{desk.from,       *to, words.subject, words.body,
                          letter.language, id,  letter.created};
    const std::int64_t second = micros_of(letter.created) / 1'000'000;
    return carrier->carry(
        {fmt::format("{}-{}", second, id), desk.from.address, *to, write_message(message)});
  }

  std::size_t look() {
    const auto claimed = database.run_and_wait<std::vector<Claimed>>(
        store::Lane::House, [now = clock.utc()](store::Session& session) {
          store::Sql sql(session);
          return claim(sql, now);
        });
    if (!claimed) return 0;
    for (const Claimed& letter : *claimed) {
      // Ending: nobody has heard of the rest yet.
      const Delivery delivery =
          stopping() ? Delivery{Delivery::Fate::Later, "shutting down"} : deliver(letter);
      note(letter, delivery);
      const auto kept =
          database.run_and_wait<bool>(store::Lane::House, [&](store::Session& session) {
            store::Sql sql(session);
            settle(sql, clock.utc(), letter, delivery);
            return true;
          });
      if (!kept)
        log::error("the fate of a letter could not be kept", {{"kind", name_of(letter.kind)}});
    }
    return claimed->size();
  }

  void note(const Claimed& letter, const Delivery& delivery) {
    counters.at(static_cast<std::size_t>(delivery.fate))->Increment();
    if (delivery.fate == Delivery::Fate::Taken) return;
    // A server's words may name the address; its code does not.
    const bool coded = !delivery.why.empty() && delivery.why[0] >= '0' && delivery.why[0] <= '9';
    log::warning("a letter was not taken",
                 {{"kind", name_of(letter.kind)},
                  {"why", coded ? delivery.why.substr(0, 3) : delivery.why}});
  }

  void work() {
    while (!stopping()) {
      if (look() == static_cast<std::size_t>(kLettersAtOnce)) continue;
      std::unique_lock lock(mutex);
      wake.wait_for(lock, kLookEvery, [this] { return stop; });
    }
  }
};

PostOffice::PostOffice(store::Database& database, std::unique_ptr<Carrier> carrier, Desk desk,
                       const Clock& clock, Metrics& metrics)
    : impl_(std::make_unique<Impl>(database, std::move(carrier), std::move(desk), clock, metrics)) {
}

PostOffice::~PostOffice() {
  if (!impl_->thread.joinable()) return;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void PostOffice::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

std::size_t PostOffice::look() { return impl_->look(); }

}  // namespace butai::mail
