#include "api/sale_json.h"

#include "api/sale.h"
#include "ticketing/entitlements/entitlements.h"
#include "ticketing/payments/store_deadline.h"
#include "ticketing/times.h"

namespace butai::api {
namespace {

namespace json = boost::json;
using ticketing::rfc3339;

template <class Strings>
json::array array_of(const Strings& strings) {
  json::array all;
  for (const auto& one : strings) all.emplace_back(std::string_view(one));
  return all;
}

// A store is offered while there is time to walk there.
json::array payments_of(const ticketing::Event& event, const ticketing::TicketType& type, Utc now) {
  json::array offered;
  for (const std::string& method : type.payments) {
    if (method == "konbini" && !ticketing::store_deadline(event, type, now)) continue;
    offered.emplace_back(method);
  }
  return offered;
}

json::object to_json(const ticketing::Event& event, const ticketing::TicketType& type, Utc now) {
  return {{"id", type.id},
          {"title", api::to_json(type.title)},
          {"price", api::to_json(type.price)},
          {"tax_rate", type.tax_rate},
          {"performances", array_of(type.performances)},
          {"availability", ticketing::availability(type)},
          {"devices", type.devices},
          {"sale_from", rfc3339(type.sale_from)},
          {"sale_until", rfc3339(type.sale_until)},
          {"per_account", type.per_account},
          {"code_needed", type.code_needed},
          {"payments", payments_of(event, type, now)}};
}

ticketing::Text text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_object()) return {};
  return {text_of(value->as_object(), "ja"), text_of(value->as_object(), "en")};
}

std::optional<Utc> time_in(const json::object& object, std::string_view name) {
  return ticketing::parse_rfc3339(text_of(object, name));
}

// The array's objects read one by one; nothing when one of them is no good.
template <class T, class Read>
std::optional<std::vector<T>> list_in(const json::object& object, std::string_view name,
                                      Read read) {
  std::vector<T> all;
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return all;
  if (!value->is_array()) return std::nullopt;
  for (const json::value& one : value->as_array()) {
    std::optional<T> item = read(one);
    if (!item) return std::nullopt;
    all.push_back(std::move(*item));
  }
  return all;
}

std::optional<std::string> string_in(const json::value& value) {
  if (!value.is_string()) return std::nullopt;
  return std::string(value.as_string());
}

std::optional<ticketing::StageChannel> channel_in(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  return ticketing::StageChannel{text_of(value.as_object(), "name"),
                                 text_in(value.as_object(), "title")};
}

std::optional<ticketing::Performance> performance_in(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.as_object();
  const auto doors = time_in(object, "doors");
  const auto start = time_in(object, "start");
  const auto end = time_in(object, "end");
  auto channels = list_in<ticketing::StageChannel>(object, "channels", &channel_in);
  if (!doors || !start || !end || !channels) return std::nullopt;
  return ticketing::Performance{
      text_of(object, "id"), {}, text_in(object, "title"), *doors, *start, *end,
      std::move(*channels)};
}

std::optional<ticketing::TicketType> ticket_type_in(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const json::object& object = value.as_object();
  ticketing::TicketType type;
  type.id = text_of(object, "id");
  type.title = text_in(object, "title");
  const json::value* price = object.if_contains("price");
  const auto from = time_in(object, "sale_from");
  const auto until = time_in(object, "sale_until");
  auto performances = list_in<std::string>(object, "performances", &string_in);
  auto payments = list_in<std::string>(object, "payments", &string_in);
  const auto capacity = number_of(object, "capacity");
  if (price == nullptr || !price->is_object() || !from || !until || !performances || !payments ||
      !capacity) {
    return std::nullopt;
  }
  type.price = {number_of(price->as_object(), "amount").value_or(-1),
                text_of(price->as_object(), "currency")};
  type.tax_rate = number_of(object, "tax_rate").value_or(10);
  type.performances = std::move(*performances);
  type.capacity = *capacity;
  type.devices = number_of(object, "devices").value_or(1);
  type.sale_from = *from;
  type.sale_until = *until;
  type.per_account = number_of(object, "per_account").value_or(4);
  const json::value* code = object.if_contains("code_needed");
  type.code_needed = code != nullptr && code->is_bool() && code->as_bool();
  type.payments = std::move(*payments);
  return type;
}

std::string_view state_of(const ticketing::Payment& payment) {
  if (payment.dispute == ticketing::Dispute::Open || payment.dispute == ticketing::Dispute::Lost) {
    return "disputed";
  }
  if (payment.refund_failed > 0 && ticketing::refundable(payment) > 0) return "refund_failed";
  if (payment.captured > 0) return payment.refunded >= payment.captured ? "refunded" : "captured";
  return payment.gone ? "gone" : "open";
}

json::value to_json(const std::optional<ticketing::Payment>& payment) {
  if (!payment) return nullptr;
  json::object object{{"method", payment->method}, {"state", state_of(*payment)}};
  if (!payment->url.empty() && state_of(*payment) == "open") object["pay_url"] = payment->url;
  if (!payment->number.empty()) object["number"] = payment->number;
  if (payment->store_deadline) object["store_deadline"] = rfc3339(*payment->store_deadline);
  return object;
}

}  // namespace

json::object to_json(const ticketing::Text& text) {
  return {{"ja", text.ja.empty() ? text.en : text.ja}, {"en", text.en.empty() ? text.ja : text.en}};
}

json::object to_json(const Money& money) {
  return {{"amount", money.minor}, {"currency", money.currency}};
}

json::object to_json(const ticketing::Performance& performance, Utc now) {
  json::array channels;
  for (const auto& channel : performance.channels) {
    channels.push_back({{"name", channel.name}, {"title", to_json(channel.title)}});
  }
  return {{"id", performance.id},
          {"title", to_json(performance.title)},
          {"doors", rfc3339(performance.doors)},
          {"start", rfc3339(performance.start)},
          {"end", rfc3339(performance.end)},
          {"state", ticketing::state_at(performance, now)},
          {"channels", std::move(channels)}};
}

json::object to_json(const ticketing::Event& event, Utc now) {
  json::array performances, types;
  for (const auto& one : event.performances) performances.push_back(to_json(one, now));
  for (const auto& one : event.ticket_types) types.push_back(to_json(event, one, now));
  return {{"id", event.id},
          {"slug", event.slug},
          {"state", ticketing::state_at(event, now)},
          {"zone", event.zone},
          {"title", to_json(event.title)},
          {"text", to_json(event.text)},
          {"artwork", event.artwork ? json::value(*event.artwork) : json::value(nullptr)},
          {"performances", std::move(performances)},
          {"ticket_types", std::move(types)},
          {"now", rfc3339(now)}};
}

json::object to_producer_json(const ticketing::Event& event, Utc now) {
  json::object object = to_json(event, now);
  json::array& types = object["ticket_types"].as_array();
  for (std::size_t i = 0; i < types.size(); ++i) {
    types[i].as_object()["capacity"] = event.ticket_types[i].capacity;
    types[i].as_object()["taken"] = event.ticket_types[i].taken;
    types[i].as_object()["payments"] = array_of(event.ticket_types[i].payments);
  }
  object["sale_state"] = ticketing::name_of(event.state);
  // Its producer has opened the sale already, whatever its first day is.
  if (event.state == ticketing::EventState::OnSale && object["state"] == "announced") {
    object["state"] = "on_sale";
  }
  return object;
}

std::optional<ticketing::Event> event_of(const json::object& object) {
  ticketing::Event event;
  event.slug = text_of(object, "slug");
  if (const std::string zone = text_of(object, "zone"); !zone.empty()) event.zone = zone;
  event.title = text_in(object, "title");
  event.text = text_in(object, "text");
  auto performances = list_in<ticketing::Performance>(object, "performances", &performance_in);
  auto types = list_in<ticketing::TicketType>(object, "ticket_types", &ticket_type_in);
  if (!performances || !types) return std::nullopt;
  event.performances = std::move(*performances);
  event.ticket_types = std::move(*types);
  return event;
}

OrderView view_of(ticketing::Work& work, ticketing::Order order) {
  auto payment = ticketing::payment_of(work, order.id);
  auto tickets = ticketing::tickets_of(work, order.id);
  return {std::move(order), std::move(payment), std::move(tickets)};
}

json::object to_json(const OrderView& view, const ticketing::Catalog& catalog) {
  const ticketing::Order& order = view.order;
  json::value event, type;
  if (const auto* found = catalog.by_id(order.event)) {
    event = {{"slug", found->slug}, {"title", to_json(found->title)}};
  }
  if (const auto* found = catalog.ticket_type(order.ticket_type)) {
    type = {{"id", found->id}, {"title", to_json(found->title)}};
  }
  return {{"id", order.id},
          {"state", ticketing::name_of(order.state)},
          {"event", event},
          {"ticket_type", type},
          {"quantity", order.quantity},
          {"total", to_json(order.total)},
          {"tax", to_json(Money{order.tax, order.total.currency})},
          {"hold_until", rfc3339(order.hold_until)},
          {"pay_until", rfc3339(order.pay_until)},
          {"payment", to_json(view.payment)},
          {"created", rfc3339(order.created)},
          {"tickets", array_of(view.tickets)}};
}

}  // namespace butai::api
