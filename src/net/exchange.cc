#include "net/exchange.h"

#include <utility>

namespace butai::net {

namespace {

class Pieces final : public BodyWriter {
 public:
  Pieces(std::weak_ptr<Answering> connection, StreamId stream)
      : connection_(std::move(connection)), stream_(stream) {}
  ~Pieces() override {
    const auto connection = connection_.lock();
    if (connection && !finished_) connection->give_up(stream_);
  }
  void write(std::vector<Bytes> pieces) override {
    const auto connection = connection_.lock();
    if (connection) connection->write_piece(stream_, std::move(pieces));
  }
  std::size_t unsent() const override {
    const auto connection = connection_.lock();
    return connection ? connection->unsent(stream_) : 0;
  }
  void on_drained(std::function<void()> callback) override {
    const auto connection = connection_.lock();
    if (connection) connection->when_drained(stream_, std::move(callback));
  }
  void on_gone(std::function<void()> callback) override {
    const auto connection = connection_.lock();
    if (connection) connection->when_gone(stream_, std::move(callback));
  }
  void finish() override {
    if (std::exchange(finished_, true)) return;
    if (const auto connection = connection_.lock()) connection->finish_pieces(stream_);
  }

 private:
  std::weak_ptr<Answering> connection_;
  const StreamId stream_;
  bool finished_ = false;
};

class ConnectionExchange final : public Exchange {
 public:
  ConnectionExchange(const std::shared_ptr<Answering>& connection, StreamId stream)
      : connection_(connection), loop_(connection->loop()), stream_(stream) {}
  ~ConnectionExchange() override {
    if (!answered_) respond(Response::problem(500, "the server did not answer; try again"));
  }
  Loop& loop() override { return loop_; }
  void respond(Response response) override {
    if (std::exchange(answered_, true)) return;
    if (const auto connection = connection_.lock()) {
      connection->respond(stream_, std::move(response));
    }
  }
  void give(const ReadyAnswerPtr& answer) override {
    if (std::exchange(answered_, true)) return;
    if (const auto connection = connection_.lock()) connection->give(stream_, answer);
  }
  std::unique_ptr<BodyWriter> stream(Response head) override {
    const auto connection = connection_.lock();
    if (!std::exchange(answered_, true) && connection) {
      connection->begin_pieces(stream_, std::move(head));
    }
    return std::make_unique<Pieces>(connection, stream_);
  }
  void on_gone(std::function<void()> callback) override {
    const auto connection = connection_.lock();
    if (connection) connection->when_gone(stream_, std::move(callback));
  }

 private:
  std::weak_ptr<Answering> connection_;
  Loop& loop_;
  const StreamId stream_;
  bool answered_ = false;
};

}  // namespace

ExchangePtr make_exchange(const std::shared_ptr<Answering>& connection, StreamId stream) {
  return std::make_unique<ConnectionExchange>(connection, stream);
}

}  // namespace butai::net
