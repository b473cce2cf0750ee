#include "app/demo_event.h"

namespace butai::app {
namespace {

using std::chrono::hours;

ticketing::TicketType ticket(ticketing::Text title, std::int64_t yen, Utc from, Utc until) {
  ticketing::TicketType type;
  type.title = std::move(title);
  type.price = {yen, "JPY"};
  type.performances = {"0"};
  type.capacity = 1000;
  type.devices = 1;
  type.sale_from = from;
  type.sale_until = until;
  if (yen > 0) type.payments = {"card", "konbini"};
  return type;
}

ticketing::Event event(std::string slug, ticketing::Text title, ticketing::Text text, Utc doors,
                       Utc start, Utc end, Utc now) {
  ticketing::Event made;
  made.slug = std::move(slug);
  made.state = ticketing::EventState::OnSale;
  made.title = title;
  made.text = std::move(text);
  made.performances = {
      {{}, {}, std::move(title), doors, start, end, {{kDemoStage, {"メイン", "Main stage"}}}}};
  made.ticket_types = {ticket({"配信チケット", "Streaming ticket"}, 3300, now - hours{1}, end),
                       ticket({"ご招待（無料）", "Guest, free of charge"}, 0, now - hours{1}, end)};
  return made;
}

}  // namespace

std::vector<ticketing::Event> demo_events(Utc now) {
  const Utc whole = std::chrono::floor<hours>(now);
  return {event("opening-night", {"開幕の夜", "Opening night"},
                {"Butai のデモ公演です。動くテスト映像、声、音楽をお楽しみください。",
                 "The demo's performance: a moving test picture with a voice and music."},
                whole - hours{1}, whole, whole + hours{8}, now),
          event("second-night", {"二日目の夜", "Second night"},
                {"明日の公演です。開場までお待ちいただく画面が見られます。",
                 "Tomorrow's performance, to see the waiting room."},
                whole + hours{23}, whole + hours{24}, whole + hours{26}, now)};
}

}  // namespace butai::app
