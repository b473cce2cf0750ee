// What is for sale: events, their performances and their ticket types, as values.
// What a viewer is told of an event's state follows from what the producer set and from the clock, so a
// delayed performance delays everything without another word.
// Flow:   catalog_store.h (rows) -> Catalog, a snapshot -> api/, rights.h
// Thread: values; a snapshot never changes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/time.h"

namespace butai::ticketing {

struct Text {
  std::string ja, en;
};

struct StageChannel {
  std::string name;
  Text title;
};

struct Performance {
  std::string id;
  std::string event;
  Text title;
  Utc doors, start, end;
  std::vector<StageChannel> channels;
};

struct TicketType {
  std::string id;
  std::string event;
  Text title;
  Money price;  // tax included
  std::int64_t tax_rate = 10;
  std::vector<std::string> performances;
  std::int64_t capacity = 0;
  std::int64_t taken = 0;
  std::int64_t devices = 1;  // at once
  Utc sale_from, sale_until;
  std::int64_t per_account = 4;
  bool code_needed = false;
  std::vector<std::string> payments;  // card, konbini
};

// What the producer sets; the rest of an event's life follows from its performances.
enum class EventState : std::uint8_t { Draft, Announced, OnSale, Closed };
std::string_view name_of(EventState state);
std::optional<EventState> event_state_of(std::string_view name);

struct Event {
  std::string id;
  std::string slug;
  EventState state = EventState::Draft;
  std::string zone = "Asia/Tokyo";
  Text title, text;
  std::optional<std::string> artwork;
  std::vector<Performance> performances;  // by their start
  std::vector<TicketType> ticket_types;
};

// scheduled, doors_open, live, ended
std::string_view state_at(const Performance& performance, Utc now);
// draft, announced, on_sale, doors_open, live, ended, closed; announced until somebody can buy
std::string_view state_at(const Event& event, Utc now);
// many, few, none
std::string_view availability(const TicketType& type);

class Catalog {
 public:
  Catalog() = default;
  explicit Catalog(std::vector<Event> events) : events_(std::move(events)) {}
  const std::vector<Event>& events() const { return events_; }
  const Event* by_slug(std::string_view slug) const;
  const Event* by_id(std::string_view id) const;
  const TicketType* ticket_type(std::string_view id) const;
  const Performance* performance(std::string_view id) const;

 private:
  std::vector<Event> events_;
};

}  // namespace butai::ticketing
