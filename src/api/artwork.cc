// /artwork/{name} and …/events/{id}/artwork: an event's picture, from its producer to everybody's cache.
#include <mutex>  // every loop asks for the same few pictures

#include "api/sale.h"
#include "api/sale_json.h"
#include "media/picture_header.h"
#include "ticketing/catalog/artwork.h"
#include "ticketing/limits.h"

namespace butai::api {
namespace {

using ticketing::ArtworkFile;
using ticketing::Outcome;
using ticketing::Work;

constexpr std::size_t kHeldMax = 32;  // pictures in memory, 2 MiB at most each

// Pictures that somebody asked for lately: a rush at an event's page must not wait for the database.
class Held {
 public:
  struct Picture {
    std::string media_type;
    Bytes bytes;
  };
  std::optional<Picture> find(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    const auto found = pictures_.find(name);
    return found == pictures_.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(const std::string& name, Picture picture) {
    const std::lock_guard lock(mutex_);
    if (pictures_.size() >= kHeldMax) pictures_.clear();
    pictures_.insert_or_assign(name, std::move(picture));
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Picture> pictures_;
};

void respond(net::Exchange& exchange, const std::string& name, const Held::Picture& picture) {
  net::Response answer;
  answer.headers.add("Content-Type", picture.media_type);
  answer.headers.add("ETag", '"' + name + '"');
  answer.headers.add("Content-Security-Policy", "default-src 'none'");
  answer.body.push_back(picture.bytes);
  exchange.respond(std::move(answer));
}

// Its name is its hash, so what was found once is good for ever; what is not there is not kept.
net::Response no_such_picture() {
  net::Response answer = problem(ticketing::Fault::NotFound);
  answer.headers.set("Cache-Control", "no-store");
  return answer;
}

void give(const SalePtr& sale, const std::shared_ptr<Held>& held, const net::Request& request,
          const SharedExchange& exchange) {
  const std::string name(request.arg("name"));
  if (const auto picture = held->find(name)) return respond(*exchange, name, *picture);
  sale->office.ask<ArtworkFile>(
      exchange->loop(),
      [name](Work& work) -> Outcome<ArtworkFile> {
        auto file = ticketing::find_artwork(work, name);
        if (!file) return std::unexpected(ticketing::Fault::NotFound);
        return std::move(*file);
      },
      [exchange, held, name](Outcome<ArtworkFile> file) {
        if (!file) {
          return exchange->respond(file.error() == ticketing::Fault::NotFound
                                       ? no_such_picture()
                                       : problem(file.error()));
        }
        const Held::Picture picture{file->media_type, Bytes::copy_of(as_bytes(file->bytes))};
        held->keep(name, picture);
        respond(*exchange, name, picture);
      });
}

void take(const SalePtr& sale, const net::Request& request, const SharedExchange& exchange) {
  const auto header = media::inspect_picture(as_bytes(request.body), ticketing::kArtworkBytesMax);
  if (!header) {
    return exchange->respond(problem(400, "bad-picture", media::sentence(header.error())));
  }
  const std::string id(request.arg("id"));
  sale->office.change<std::string>(
      exchange->loop(),
      [id,
       file = ArtworkFile{std::string(media::media_type(header->kind)), std::string(request.body)}](
          Work& work) { return ticketing::keep_artwork(work, id, file); },
      [sale, exchange, id](Outcome<std::string> address) {
        if (!address) return exchange->respond(problem(address.error()));
        const auto catalog = sale->office.rights().catalog();
        const auto* event = catalog->by_id(id);
        if (event == nullptr) return exchange->respond(problem(ticketing::Fault::NotFound));
        exchange->respond(json_answer(to_producer_json(*event, sale->clock.utc()), 201));
      });
}

}  // namespace

std::vector<net::Route> artwork_routes(const SalePtr& sale) {
  const auto held = std::make_shared<Held>();
  std::vector<net::Route> table;
  table.push_back({net::Method::Get,
                   "/artwork/{name}",
                   {.who = net::Who::Anyone, .cache = net::Cache::Immutable, .cors = true},
                   handler_of(sale, [held](const SalePtr& s, const net::Request& r,
                                           const SharedExchange& e) { give(s, held, r, e); }),
                   {}});
  table.push_back(
      {net::Method::Post,
       "/api/v1/producer/events/{id}/artwork",
       {.who = net::Who::Control,
        .rate = net::RateClass::Write,
        .csrf = net::Csrf::SameOrigin,
        .body_bytes_max = ticketing::kArtworkBytesMax},
       handler_of(sale, &take),
       {"The picture of an event: a JPEG, PNG or WebP as the body, 2 MiB and 200 to 4096 "
        "pixels a side.",
        "", ""}});
  return table;
}

}  // namespace butai::api
