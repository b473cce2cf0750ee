// The way from a Publication (channel's loop) back to the session on its connection's loop, and the
// way that a session gets a Publication: the same for every protocol.
// Flow:   begin_publication -> (post) Publication::begin -> (post) Session::taken or ::refused
//         Publication -> Connection port -> (post) Session::dismissed, consumed, complain, instruct
// Thread: `session` is read and cleared on the connection's loop only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "ingest/publication.h"
#include "live/channels.h"
#include "net/loop.h"

namespace butai::ingest {

// Why there is no publication.
enum class NotBegun : std::uint8_t { NoSuchChannel, TakenByAnother, Ended };

template <class Session>
class ReturnPath final : public Connection,
                         public std::enable_shared_from_this<ReturnPath<Session>> {
 public:
  ReturnPath(net::Loop& loop, Session& session) : loop_(loop), session_(&session) {}

  void forget_session() { session_ = nullptr; }  // it is going

  void dismissed(live::Dismissal why) override {
    to_session([why](Session& s) { s.dismissed(why); });
  }
  void consumed(std::size_t bytes) override {
    to_session([bytes](Session& s) { s.consumed(bytes); });
  }
  void complain(std::string sentence) override {
    to_session([sentence = std::move(sentence)](Session& s) { s.complain(sentence); });
  }
  void instruct(live::Instruction instruction, live::InstructionDone done) override {
    net::Loop* home = net::Loop::current();
    auto answer = [home, done = std::move(done)](std::string error) {
      home->post([done, error = std::move(error)] { done(error); });
    };
    to_session([instruction = std::move(instruction), answer = std::move(answer)](Session& s) {
      s.instruct(instruction, answer);
    });
  }

  void refused(NotBegun why) {
    to_session([why](Session& s) { s.refused(why); });
  }
  void taken(std::shared_ptr<Publication> publication, net::Loop& home) {
    loop_.post(
        [self = this->shared_from_this(), publication = std::move(publication), &home]() mutable {
          if (self->session_ != nullptr) return self->session_->taken(std::move(publication), home);
          home.post([publication = std::move(publication)] { publication->end(); });
        });
  }

 private:
  // Runs `act` on the connection's loop if the session is still there.
  void to_session(std::function<void(Session&)> act) {
    loop_.post([self = this->shared_from_this(), act = std::move(act)] {
      if (self->session_ != nullptr) act(*self->session_);
    });
  }

  net::Loop& loop_;
  Session* session_;
};

template <class Session>
void begin_publication(live::Channels& channels, const std::string& channel, live::InputSlot slot,
                       const std::string& subject, const Clock& clock,
                       const Publication::Options& options,
                       std::shared_ptr<ReturnPath<Session>> back) {
  channels.with_channel(
      channel, live::Channels::IfMissing::Open,
      [back = std::move(back), slot, subject, &clock, options](live::Channel* opened) {
        if (opened == nullptr) return back->refused(NotBegun::NoSuchChannel);
        net::Loop& home = *net::Loop::current();
        auto begun = Publication::begin(*opened, slot, subject, home, clock, options, back);
        if (begun) return back->taken(std::move(*begun), home);
        back->refused(begun.error() == live::TakeError::TakenByAnother ? NotBegun::TakenByAnother
                                                                       : NotBegun::Ended);
      });
}

}  // namespace butai::ingest
