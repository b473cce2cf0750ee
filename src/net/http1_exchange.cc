#include "net/http1_exchange.h"

#include <utility>

#include "net/http1_connection.h"

namespace butai::net {

namespace {

class Pieces final : public BodyWriter {
 public:
  explicit Pieces(std::weak_ptr<Http1Connection> connection) : connection_(std::move(connection)) {}
  ~Pieces() override {
    const auto connection = connection_.lock();
    if (connection && !finished_) connection->cut();
  }
  void write(std::vector<Bytes> pieces) override {
    if (const auto connection = connection_.lock()) connection->write_piece(std::move(pieces));
  }
  std::size_t unsent() const override {
    const auto connection = connection_.lock();
    return connection ? connection->unsent() : 0;
  }
  void on_drained(std::function<void()> callback) override {
    if (const auto connection = connection_.lock()) connection->when_drained(std::move(callback));
  }
  void on_gone(std::function<void()> callback) override {
    if (const auto connection = connection_.lock()) connection->when_gone(std::move(callback));
  }
  void finish() override {
    if (std::exchange(finished_, true)) return;
    if (const auto connection = connection_.lock()) connection->finish_pieces();
  }

 private:
  std::weak_ptr<Http1Connection> connection_;
  bool finished_ = false;
};

class Http1Exchange final : public Exchange {
 public:
  explicit Http1Exchange(const std::shared_ptr<Http1Connection>& connection)
      : connection_(connection), loop_(connection->loop()) {}
  ~Http1Exchange() override {
    if (!answered_) respond(Response::problem(500, "the server did not answer; try again"));
  }
  Loop& loop() override { return loop_; }
  void respond(Response response) override {
    if (std::exchange(answered_, true)) return;
    if (const auto connection = connection_.lock()) connection->respond(std::move(response));
  }
  void give(const ReadyAnswerPtr& answer) override {
    if (std::exchange(answered_, true)) return;
    if (const auto connection = connection_.lock()) connection->give(answer);
  }
  std::unique_ptr<BodyWriter> stream(Response head) override {
    const auto connection = connection_.lock();
    if (!std::exchange(answered_, true) && connection) connection->begin_pieces(std::move(head));
    return std::make_unique<Pieces>(connection);
  }
  void on_gone(std::function<void()> callback) override {
    if (const auto connection = connection_.lock()) connection->when_gone(std::move(callback));
  }

 private:
  std::weak_ptr<Http1Connection> connection_;
  Loop& loop_;
  bool answered_ = false;
};

}  // namespace

ExchangePtr make_exchange(const std::shared_ptr<Http1Connection>& connection) {
  return std::make_unique<Http1Exchange>(connection);
}

}  // namespace butai::net
