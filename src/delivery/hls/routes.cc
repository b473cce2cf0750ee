#include "delivery/hls/routes.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "delivery/hold.h"
#include "delivery/limits.h"
#include "delivery/not_yet.h"
#include "delivery/rendition_logs.h"
#include "net/loop.h"
#include "package/hls_writer.h"
#include "package/reload_policy.h"

namespace butai::delivery::hls {
namespace {

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";

package::HlsOptions options_for(const live::ChannelView& view) {
  package::HlsOptions options;
  options.profile = view.latency() == live::Latency::Stable
                        ? package::HlsOptions::Profile::Plain
                        : package::HlsOptions::Profile::LowLatency;
  if (view.ended()) options.life = package::HlsOptions::Life::Ended;
  return options;
}

net::Response playlist(std::string_view text) {
  return net::Response::text(200, kPlaylistType, text);
}

// Segments never change; but what a bearer token opened, a shared cache must not give to others. With
// the right in the path, or on a public channel, the address itself is the right.
void keep_private(net::Response& response, const net::Request& request) {
  if (!request.path_token.empty() || request.principal.subject.empty()) return;
  response.headers.set("Cache-Control", "private, max-age=31536000, immutable");
}

net::Response media(const Bytes& bytes, media::TrackId track) {
  net::Response response;
  response.headers.add("Content-Type", track == media::kVideoTrack ? "video/mp4" : "audio/mp4");
  response.body.push_back(bytes);
  return response;
}

live::ChannelView* view_of(const net::Request& request, net::Exchange& exchange,
                           const Ports& ports) {
  return ports.channels.find_view(exchange.loop().index(), std::string(request.arg("channel")));
}

const package::RenditionLog* find(const std::vector<package::RenditionLog>& all,
                                  std::string_view name) {
  for (const auto& candidate : all) {
    if (candidate.rendition->name == name) return &candidate;
  }
  return nullptr;
}

bool has_segment(const live::SegmentLog& log) {
  return !log.segments().empty() && (log.segments().front().complete || log.segments().size() > 1);
}

// GET index.m3u8
void multivariant(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  const auto* view = view_of(request, *exchange, ports);
  const auto logs = view != nullptr ? rendition_logs(*view) : std::vector<package::RenditionLog>{};
  // Every playlist that it names can be fetched at once.
  const bool complete =
      std::ranges::all_of(logs, [](const auto& each) { return has_segment(*each.log); });
  if (logs.empty() || !complete || logs.size() < view->presentation()->renditions.size()) {
    return exchange->respond(not_yet());
  }
  package::Bandwidths bandwidths;
  for (const auto& each : logs) {
    bandwidths[each.rendition->track.id] = package::measure(each);
  }
  exchange->respond(playlist(package::hls_multivariant(*view->presentation(), bandwidths)));
}

net::Response write_media_playlist(const live::ChannelView& view, const package::RenditionLog& own,
                                   const std::vector<package::RenditionLog>& all) {
  if (!has_segment(*own.log)) return not_yet();
  std::vector<package::RenditionLog> others;
  for (const auto& each : all) {
    if (each.rendition != own.rendition) others.push_back(each);
  }
  return playlist(package::hls_media(own, others, options_for(view)));
}

// GET {rendition}/index.m3u8, with _HLS_msn and _HLS_part held until they are there
void media_playlist(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto* view = view_of(request, *exchange, ports);
  const std::string rendition(request.arg("rendition"));
  if (view == nullptr || view->rendition(rendition) == nullptr) return exchange->respond(not_yet());
  if (!request.principal.play.empty()) ports.heartbeat(request.principal.play);
  struct Query {
    std::optional<std::string> msn, part;
  };
  const auto kept = [&](std::string_view name) {
    const auto value = request.query_value(name);
    return value ? std::optional<std::string>(*value) : std::nullopt;
  };
  hold(*view, std::move(exchange),
       [rendition, query = Query{kept("_HLS_msn"), kept("_HLS_part")}](
           const live::ChannelView& now) -> std::optional<net::Response> {
         const auto logs = rendition_logs(now);
         const auto* own = find(logs, rendition);
         if (own == nullptr) return not_yet();
         switch (package::decide_reload({query.msn, query.part}, *own, options_for(now))) {
           case package::ReloadDecision::Wait:
             return std::nullopt;
           case package::ReloadDecision::BadRequest:
             return net::Response::problem(
                 400, "_HLS_msn and _HLS_part must be numbers, not too far ahead of the playlist");
           case package::ReloadDecision::AnswerNow:
             break;
         }
         return write_media_playlist(now, *own, logs);
       });
}

std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

net::Response chunks(const live::Segment& segment, media::TrackId track, std::size_t first,
                     std::size_t count) {
  net::Response response;
  response.headers.add("Content-Type", track == media::kVideoTrack ? "video/mp4" : "audio/mp4");
  for (std::size_t i = first; i < first + count; ++i)
    response.body.push_back(segment.chunks[i]->bytes);
  return response;
}

// A hinted segment's start is predicted; a source that jitters begins it a few milliseconds beside.
const live::Segment* find_near(const live::SegmentLog& log, std::int64_t start,
                               std::uint32_t timescale) {
  if (const auto* exact = log.find(start)) return exact;
  const std::int64_t near = Ticks::from(kHintError, timescale).value;
  for (const live::Segment& segment : log.segments()) {
    if (std::abs(segment.start.value - start) <= near) return &segment;
  }
  return nullptr;
}

// START.PART.m4s: at once if it is there, held if it is the next one, else 404.
void part(live::ChannelView& view, const net::Request& request, std::int64_t start,
          std::size_t number, net::ExchangePtr exchange) {
  hold(view, std::move(exchange),
       [request, rendition = std::string(request.arg("rendition")), start,
        number](const live::ChannelView& now) -> std::optional<net::Response> {
         const auto logs = rendition_logs(now);
         const auto* own = find(logs, rendition);
         const auto gone = net::Response::problem(404, "no such part");
         if (own == nullptr) return gone;
         const std::uint32_t timescale = own->rendition->track.timescale;
         const live::Segment* segment = find_near(*own->log, start, timescale);
         if (segment != nullptr && number < segment->parts.size()) {
           const live::Part& found = segment->parts[number];
           auto response =
               chunks(*segment, own->rendition->track.id, found.first_chunk, found.chunk_count);
           keep_private(response, request);
           return response;
         }
         const auto next =
             package::next_part(*own, logs.front().rendition->track, package::kSegment);
         const std::int64_t near = Ticks::from(kHintError, timescale).value;
         if (next && next->part == number && std::abs(next->start - start) <= near) {
           return std::nullopt;
         }
         return gone;
       });
}

// {rendition}/{file}: init-N.mp4, START.m4s, START.PART.m4s
void file(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto* view = view_of(request, *exchange, ports);
  if (view == nullptr) return exchange->respond(not_yet());
  const std::string name(request.arg("rendition"));
  const std::string_view wanted = request.arg("file");
  const auto missing = [&] { exchange->respond(net::Response::problem(404, "no such segment")); };

  if (wanted.starts_with("init-") && wanted.ends_with(".mp4")) {
    const auto number = digits(wanted.substr(5, wanted.size() - 9));
    const Bytes* init =
        number ? view->find_init(name, static_cast<std::uint32_t>(*number)) : nullptr;
    const live::Rendition* rendition = view->rendition(name);
    if (init == nullptr || rendition == nullptr) return missing();
    auto response = media(*init, rendition->track.id);
    keep_private(response, request);
    return exchange->respond(std::move(response));
  }
  const live::Rendition* rendition = view->rendition(name);
  if (rendition == nullptr || !wanted.ends_with(".m4s")) return missing();
  const std::string_view stem = wanted.substr(0, wanted.size() - 4);
  const auto dot = stem.find('.');
  const auto start = digits(stem.substr(0, dot));
  if (!start) return missing();
  if (dot != std::string_view::npos) {
    const auto number = digits(stem.substr(dot + 1));
    if (!number || *number < 0) return missing();
    return part(*view, request, *start, static_cast<std::size_t>(*number), std::move(exchange));
  }
  const live::SegmentLog* log = view->log(rendition->track.id);
  const live::Segment* segment = log != nullptr ? log->find(*start) : nullptr;
  if (segment == nullptr || !segment->complete) return missing();
  auto response = chunks(*segment, rendition->track.id, 0, segment->chunks.size());
  keep_private(response, request);
  exchange->respond(std::move(response));
}

using Handler = void (*)(const net::Request&, net::ExchangePtr, const Ports&);

net::Route route(std::string pattern, net::Cache cache, std::string summary, Handler handler,
                 std::shared_ptr<const Ports> ports) {
  return {.method = net::Method::Get,
          .pattern = std::move(pattern),
          .policy = {.who = net::Who::Viewer, .cache = cache, .cors = true},
          .handler = [handler, ports = std::move(ports)](
                         const net::Request& r,
                         net::ExchangePtr e) { handler(r, std::move(e), *ports); },
          .doc = {.summary = std::move(summary), .request_schema = "", .response_schema = ""}};
}

}  // namespace

std::vector<net::Route> routes(std::shared_ptr<const Ports> ports) {
  return {route("/live/{channel}/index.m3u8", net::Cache::NoStore, "HLS multivariant playlist",
                multivariant, ports),
          route("/live/{channel}/{rendition}/index.m3u8", net::Cache::NoStore,
                "HLS media playlist; _HLS_msn and _HLS_part block", media_playlist, ports),
          route("/live/{channel}/{rendition}/{file}", net::Cache::Immutable,
                "Init segments, segments, parts (CMAF)", file, ports)};
}

}  // namespace butai::delivery::hls
