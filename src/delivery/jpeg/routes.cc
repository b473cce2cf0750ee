#include "delivery/jpeg/routes.h"

#include <fmt/format.h>

#include <utility>

#include "delivery/clear_only.h"
#include "delivery/jpeg/still.h"
#include "delivery/not_yet.h"

namespace butai::delivery::jpeg {
namespace {

constexpr std::string_view kBoundary = "butai-picture";

// The newest picture, or why there is none.
std::expected<live::PicturePtr, net::Response> newest(const live::ChannelView* view) {
  if (view == nullptr || (view->pictures().first() == view->pictures().end())) {
    if (view != nullptr && view->presentation()) {
      return std::unexpected(net::Response::problem(
          406, "no input of this channel sends JPEG; use index.m3u8, manifest.mpd or ws"));
    }
    return std::unexpected(not_yet());
  }
  return view->pictures().at(view->pictures().end() - 1);
}

// Owns itself: lives until the peer or the channel goes.
class MjpegViewer final : public live::ViewListener {
 public:
  MjpegViewer(live::ChannelView& view, std::unique_ptr<net::BodyWriter> body, net::Loop& loop)
      : view_(&view), body_(std::move(body)), loop_(loop), counted_(view.counts()) {
    if (counted_) counted_->viewers.fetch_add(1, std::memory_order_relaxed);
    view.add(*this);
    body_->on_gone([this] { leave(); });
    on_picture();
  }

  void on_picture() override {
    if (view_ == nullptr || body_->unsent() > 0) return;
    if (view_->pictures().first() == view_->pictures().end()) return;
    const live::PicturePtr picture = view_->pictures().at(view_->pictures().end() - 1);
    body_->write({Bytes::copy_of(
                      fmt::format("--{}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
                                  kBoundary, picture->jpeg.size())),
                  picture->jpeg, Bytes::copy_of("\r\n")});
  }

  void on_end() override {
    if (view_ == nullptr) return;
    body_->write({Bytes::copy_of(fmt::format("--{}--\r\n", kBoundary))});
    body_->finish();
    leave();
  }

 private:
  void leave() {
    if (view_ == nullptr) return;
    std::exchange(view_, nullptr)->remove(*this);
    if (counted_) counted_->viewers.fetch_sub(1, std::memory_order_relaxed);
    // Not here: this runs inside a call of the body or of the view.
    loop_.post([this] { delete this; });
  }

  live::ChannelView* view_;
  std::unique_ptr<net::BodyWriter> body_;
  net::Loop& loop_;
  std::shared_ptr<live::ChannelCounts> counted_;
};

void mjpeg(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  if (ports.channels.is_protected(std::string(request.arg("channel")))) {
    return exchange->respond(no_clear_pictures());
  }
  auto* view =
      ports.channels.find_view(exchange->loop().index(), std::string(request.arg("channel")));
  if (auto picture = newest(view); !picture) return exchange->respond(std::move(picture.error()));
  net::Response head;
  head.headers.add("Content-Type",
                   fmt::format("multipart/x-mixed-replace; boundary={}", kBoundary));
  net::Loop& loop = exchange->loop();
  new MjpegViewer(*view, exchange->stream(std::move(head)), loop);
}

void snapshot(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  if (ports.channels.is_protected(std::string(request.arg("channel")))) {
    return exchange->respond(no_clear_pictures());
  }
  const auto* view =
      ports.channels.find_view(exchange->loop().index(), std::string(request.arg("channel")));
  auto picture = newest(view);
  if (!picture) return exchange->respond(std::move(picture.error()));
  net::Response response;
  response.headers.add("Content-Type", "image/jpeg");
  response.body.push_back((*picture)->jpeg);
  exchange->respond(std::move(response));
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  const net::Policy policy{.who = net::Who::Viewer, .cors = true};
  std::vector<net::Route> table;
  table.push_back({.method = net::Method::Get,
                   .pattern = "/live/{channel}/mjpeg",
                   .policy = policy,
                   .handler = [ports](const net::Request& r,
                                      net::ExchangePtr e) { mjpeg(r, std::move(e), *ports); },
                   .doc = {.summary = "JPEG pictures as multipart/x-mixed-replace",
                           .request_schema = "",
                           .response_schema = ""}});
  table.push_back(
      {.method = net::Method::Get,
       .pattern = "/live/{channel}/snapshot.jpg",
       .policy = policy,
       .handler = [ports](const net::Request& r,
                          net::ExchangePtr e) { snapshot(r, std::move(e), *ports); },
       .doc = {.summary = "The newest JPEG picture", .request_schema = "", .response_schema = ""}});
  table.push_back(
      {.method = net::Method::Get,
       .pattern = "/live/{channel}/{rendition}/snapshot.jpg",
       .policy = policy,
       .handler = [ports](const net::Request& r,
                          net::ExchangePtr e) { rendition_snapshot(r, std::move(e), *ports); },
       .doc = {.summary = "The newest key frame of a rendition as JPEG",
               .request_schema = "",
               .response_schema = ""}});
  return table;
}

}  // namespace butai::delivery::jpeg
