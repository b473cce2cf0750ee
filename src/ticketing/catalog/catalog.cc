#include "ticketing/catalog/catalog.h"

#include <algorithm>
#include <array>

namespace butai::ticketing {
namespace {

constexpr std::array<std::string_view, 4> kStates{"draft", "announced", "on_sale", "closed"};

template <class List>
auto* with_id(List& list, std::string_view id) {
  const auto found = std::ranges::find_if(list, [id](const auto& one) { return one.id == id; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

std::string_view name_of(EventState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<EventState> event_state_of(std::string_view name) {
  const auto found = std::ranges::find(kStates, name);
  if (found == kStates.end()) return std::nullopt;
  return static_cast<EventState>(found - kStates.begin());
}

std::string_view state_at(const Performance& performance, Utc now) {
  if (now >= performance.end) return "ended";
  if (now >= performance.start) return "live";
  if (now >= performance.doors) return "doors_open";
  return "scheduled";
}

std::string_view state_at(const Event& event, Utc now) {
  if (event.state == EventState::Draft || event.state == EventState::Closed) {
    return name_of(event.state);
  }
  const auto any = [&](std::string_view state) {
    return std::ranges::any_of(event.performances,
                               [&](const auto& one) { return state_at(one, now) == state; });
  };
  const bool over =
      !event.performances.empty() && std::ranges::all_of(event.performances, [&](const auto& one) {
        return state_at(one, now) == "ended";
      });
  if (over) return "ended";
  // What nobody can have bought yet has no doors for anybody.
  const bool sale_began = event.state == EventState::OnSale &&
                          std::ranges::any_of(event.ticket_types, [now](const auto& type) {
                            return type.sale_from <= now;
                          });
  if (!sale_began) return name_of(EventState::Announced);
  if (any("live")) return "live";
  if (any("doors_open")) return "doors_open";
  return name_of(event.state);
}

std::string_view availability(const TicketType& type) {
  const std::int64_t left = type.capacity - type.taken;
  if (left <= 0) return "none";
  return left * 10 <= type.capacity ? "few" : "many";
}

const Event* Catalog::by_slug(std::string_view slug) const {
  const auto found =
      std::ranges::find_if(events_, [slug](const Event& one) { return one.slug == slug; });
  return found == events_.end() ? nullptr : &*found;
}

const Event* Catalog::by_id(std::string_view id) const { return with_id(events_, id); }

const TicketType* Catalog::ticket_type(std::string_view id) const {
  for (const Event& event : events_) {
    if (const auto* found = with_id(event.ticket_types, id)) return found;
  }
  return nullptr;
}

const Performance* Catalog::performance(std::string_view id) const {
  for (const Event& event : events_) {
    if (const auto* found = with_id(event.performances, id)) return found;
  }
  return nullptr;
}

}  // namespace butai::ticketing
