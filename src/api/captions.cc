#include <boost/json.hpp>
#include <expected>
#include <utility>

#include "access/strict_json.h"
#include "api/routes.h"
#include "live/captions.h"
#include "live/limits.h"
#include "net/loop.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kRequestSchema =
    R"({"type":"object","required":["language","cues"],"properties":{"language":{"type":"string"},)"
    R"("cues":{"type":"array","items":{"type":"object","required":["start","end","text"],)"
    R"("properties":{"start":{"description":"RFC 3339, or seconds from now"},)"
    R"("end":{"description":"RFC 3339, or seconds from now"},"text":{"type":"string"}}}}}})";
constexpr std::string_view kResponseSchema =
    R"({"type":"object","properties":{"taken":{"type":"integer"},"late":{"type":"integer"}}})";

using Refused = std::unexpected<std::string>;

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// RFC 3339, or seconds from now.
std::optional<Utc> time_of(const json::object& cue, std::string_view name, Utc now) {
  const json::value* value = cue.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return ticketing::parse_rfc3339(text_of(cue, name));
  if (!value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  constexpr double kMax = 86'400;  // a day; nearer bounds follow
  if (!(seconds > -kMax && seconds < kMax)) return std::nullopt;
  return now + Micros{static_cast<std::int64_t>(seconds * 1e6)};
}

// Text that a person can read: no control characters but the end of a line.
bool is_plain(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7f) return false;
  }
  return true;
}

std::expected<live::Cue, std::string> read_cue(const json::value& value, std::string language,
                                               Utc now) {
  const json::object* object = value.if_object();
  if (object == nullptr) return Refused("a cue is an object with start, end and text");
  const auto start = time_of(*object, "start", now), end = time_of(*object, "end", now);
  if (!start || !end) return Refused("start and end are RFC 3339 or seconds from now");
  if (*end <= *start || *end - *start > live::kCueLongest) {
    return Refused("a cue ends after its start, 10 minutes later at most");
  }
  if (*start > now + live::kCueAheadMax) return Refused("a cue begins within the next 6 hours");
  const std::string_view text = text_of(*object, "text");
  if (text.find_first_not_of(" \n") == text.npos || text.size() > live::kCueTextMax ||
      !is_plain(text)) {
    return Refused("text is 1 to 1024 bytes without control characters");
  }
  return live::Cue{*start, *end, std::move(language), std::string(text)};
}

std::expected<live::Cues, std::string> read_cues(std::string_view body, Utc now) {
  const auto object = access::parse_object(body);
  if (!object) return Refused("the body is JSON like {\"language\":\"ja\",\"cues\":[…]}");
  const std::string language(text_of(*object, "language"));
  if (!live::is_language(language)) return Refused("language is a tag like ja, en or zh-Hant");
  const json::value* cues = object->if_contains("cues");
  if (cues == nullptr || !cues->is_array() || cues->get_array().empty() ||
      cues->get_array().size() > live::kCuesPerCallMax) {
    return Refused("cues is a list of 1 to 256");
  }
  live::Cues all;
  for (const json::value& each : cues->get_array()) {
    auto cue = read_cue(each, language, now);
    if (!cue) return Refused(cue.error());
    all.push_back(std::move(*cue));
  }
  return all;
}

void caption(const net::Request& request, net::ExchangePtr exchange, const Ports& ports) {
  auto cues = read_cues(request.body, ports.clock.utc());
  if (!cues) return exchange->respond(net::Response::problem(400, cues.error()));
  with_channel(request, std::move(exchange), ports, [cues = *cues](live::Channel& channel) {
    const std::size_t late = channel.caption(cues);
    return net::Response::json(
        json::serialize(json::object{{"taken", cues.size() - late}, {"late", late}}));
  });
}

}  // namespace

net::Route caption_route(std::shared_ptr<const Ports> ports) {
  return {
      .method = net::Method::Post,
      .pattern = "/api/v1/channels/{channel}/captions",
      .policy = {.who = net::Who::Control},
      .handler = [ports](const net::Request& r,
                         net::ExchangePtr e) { caption(r, std::move(e), *ports); },
      .doc = {.summary = "Cues for everybody who watches, now or later; `late` counts those whose "
                         "time is over already",
              .request_schema = std::string(kRequestSchema),
              .response_schema = std::string(kResponseSchema)}};
}

}  // namespace butai::api
