// Rows of the device matrix: what a device made of a channel, told by the page that tried it
// (/watch/CHANNEL?row=1), kept until `butai doctor --device-matrix` has fetched them.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <deque>
#include <mutex>  // rows come and go on every loop
#include <optional>
#include <utility>

#include "access/strict_json.h"
#include "api/routes.h"

namespace butai::api {
namespace {

namespace json = boost::json;

constexpr std::size_t kRowsMax = 256;  // nobody tries more devices between two looks
constexpr std::size_t kCellMax = 80;   // bytes; a device's name has 20
constexpr std::array<std::string_view, 8> kCells{"day",  "device", "system",        "browser",
                                                 "keys", "way",    "first_picture", "result"};

constexpr std::string_view kRowSchema =
    R"({"type":"object","required":["day","device","system","browser","keys","way","first_picture","result"],"additionalProperties":{"type":"string","maxLength":80}})";
constexpr std::string_view kRowsSchema =
    R"({"type":"object","required":["rows","next"],"properties":{"rows":{"type":"array","items":{"type":"string"}},"next":{"type":"integer"}}})";

class Rows {
 public:
  // One per play: the page may tell it again.
  void put(const std::string& play, std::string row) {
    const std::lock_guard lock(mutex_);
    std::erase_if(rows_, [&play](const Row& each) { return each.play == play; });
    rows_.push_back({++last_, play, std::move(row)});
    if (rows_.size() > kRowsMax) rows_.pop_front();
  }
  json::object after(std::uint64_t number) const {
    json::array rows;
    const std::lock_guard lock(mutex_);
    for (const Row& row : rows_) {
      if (row.number > number) rows.emplace_back(row.text);
    }
    return {{"rows", std::move(rows)}, {"next", last_}};
  }

 private:
  struct Row {
    std::uint64_t number;
    std::string play, text;
  };
  mutable std::mutex mutex_;
  std::deque<Row> rows_;
  std::uint64_t last_ = 0;
};

// "| 2026-12-24 | iPhone | … |"; nothing when the cells are not what they should be.
std::optional<std::string> row_of(std::string_view body) {
  const auto object = access::parse_object(body);
  if (!object) return std::nullopt;
  std::string row = "|";
  for (const std::string_view name : kCells) {
    const json::value* value = object->if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    std::string cell(value->get_string());
    if (cell.empty() || cell.size() > kCellMax) return std::nullopt;
    // It is read on a terminal and pasted into a table.
    if (std::ranges::any_of(cell, [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
      return std::nullopt;
    }
    std::ranges::replace(cell, '|', '/');
    row += fmt::format(" {} |", cell);
  }
  return row;
}

}  // namespace

std::vector<net::Route> device_row_routes(std::shared_ptr<const Ports> ports) {
  const auto rows = std::make_shared<Rows>();
  net::Route put{
      .method = net::Method::Post,
      .pattern = "/api/v1/plays/{id}/device-row",
      // The id that nobody guesses is all that is asked for.
      .policy = {.who = net::Who::Anyone, .rate = net::RateClass::Write, .body_bytes_max = 2048},
      .handler =
          net::HttpHandler([ports, rows](const net::Request& request, net::ExchangePtr exchange) {
            const std::string play(request.arg("id"));
            if (!ports->plays.find(play)) {
              return exchange->respond(net::Response::problem(404, "There is no such play."));
            }
            auto row = row_of(request.body);
            if (!row) {
              return exchange->respond(net::Response::problem(
                  400, fmt::format("A row is a JSON object of texts of at most {} bytes: {}.",
                                   kCellMax, fmt::join(kCells, ", "))));
            }
            rows->put(play, std::move(*row));
            net::Response answer;
            answer.status = 204;
            exchange->respond(std::move(answer));
          }),
      .doc = {.summary = "What this device made of a protected channel, for the device matrix",
              .request_schema = std::string(kRowSchema),
              .response_schema = ""}};
  net::Route get{
      .method = net::Method::Get,
      .pattern = "/api/v1/device-rows",
      .policy = {.who = net::Who::Control},
      .handler = net::HttpHandler([rows](const net::Request& request, net::ExchangePtr exchange) {
        std::uint64_t number = 0;
        const std::string_view after = request.query_value("after").value_or("0");
        std::from_chars(after.data(), after.data() + after.size(), number);
        exchange->respond(net::Response::json(json::serialize(rows->after(number))));
      }),
      .doc = {
          .summary = "Rows of the device matrix that devices told, after the one of that number",
          .request_schema = "",
          .response_schema = std::string(kRowsSchema)}};
  std::vector<net::Route> table;
  table.push_back(std::move(put));
  table.push_back(std::move(get));
  return table;
}

}  // namespace butai::api
