// The sale: the half of the house that knows events, orders and tickets.
#include "api/sale.h"
#include "app/house.h"
#include "base/log.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/limits.h"

namespace butai::app {

Expected<void> House::build_sale() {
  const auto config = config_.get();
  auto books = store::Database::open({.path = options_.data + "/test-payments.db",
                                      .url = {},
                                      .tables = ticketing::test_books_tables()});
  if (!books) return std::unexpected(books.error());
  if (config->payments.test == PaymentsConfig::Test::Operator) {
    test_clock_ = std::make_unique<ticketing::TestClock>(clock_);
  }
  const access::Key32 key = secret_->derived("butai test payments 1");
  test_provider_ = std::make_unique<ticketing::TestProvider>(
      std::move(*books), std::string(as_text(key)), sale_clock(), random_);
  sessions_ = std::make_unique<access::Sessions>(*database_, *secret_, clock_, random_);
  rights_ = std::make_unique<ticketing::Rights>(
      *database_, sale_clock(), [this](std::string_view name) { return plays_->owner_of(name); });
  box_office_ = std::make_unique<ticketing::BoxOffice>(*database_, *test_provider_, *rights_,
                                                       sale_clock(), random_);
  desk_ = std::make_unique<ticketing::SeatsDesk>(*rights_, *plays_, config_, clock_);
  guard_->know(*sessions_);
  guard_->know(*desk_);
  const auto sessions = sessions_->load();
  const auto rights = rights_->load();
  if (!sessions || !rights) return problem(std::string(sentence(store::Failure::Broken)));
  return {};
}

// What the sale asks of channels and keys.
void House::build_stage() {
  stage_ = std::make_unique<HouseStage>(*channels_, *vault_);
  curtain_ =
      std::make_unique<ticketing::Curtain>(*box_office_, *stage_, *record_key_, sale_clock());
  attendance_ =
      std::make_unique<ticketing::Attendance>(*box_office_, *plays_, *stage_, clock_, sale_clock());
}

std::optional<pages::Preview> House::preview_of(std::string_view slug,
                                                std::string_view language) const {
  if (slug.empty()) return std::nullopt;
  const auto catalog = rights_->catalog();
  const auto* event = catalog->by_slug(slug);
  if (event == nullptr || event->state == ticketing::EventState::Draft) return std::nullopt;
  const auto spoken = [language](const ticketing::Text& text) {
    const bool japanese = language == "ja" ? !text.ja.empty() : text.en.empty();
    return japanese ? text.ja : text.en;
  };
  const std::string text = spoken(event->text);
  return pages::Preview{spoken(event->title), text.substr(0, text.find("\n\n")),
                        event->artwork.value_or("")};
}

// The sale's time, which the test provider's operator may move; plays and media have the real one.
const Clock& House::sale_clock() const {
  return test_clock_ ? static_cast<const Clock&>(*test_clock_) : clock_;
}

Expected<void> House::add_event(const ticketing::Event& event) {
  const auto saved = database_->run_and_wait<bool>([&](soci::session& session) {
    store::Sql sql(session);
    ticketing::Work work{sql, clock_.utc(), random_};
    return ticketing::save_event(work, event).has_value();
  });
  if (!saved || !*saved) return problem("the event " + event.slug + " could not be saved");
  if (!rights_->load()) return problem("the tickets could not be read");
  return {};
}

std::vector<net::Route> House::sale_routes() {
  const auto test = config_.get()->payments.test;
  const bool cards = test != PaymentsConfig::Test::Off;
  const auto sale = std::make_shared<const api::Sale>(
      api::Sale{.office = *box_office_,
                .accounts = *accounts_,
                .sessions = *sessions_,
                .guard = *guard_,
                .plays = *plays_,
                .clock = sale_clock(),
                .record_key = *record_key_,
                .test_clock = test_clock_.get(),
                .test_provider = cards ? test_provider_.get() : nullptr,
                .test_operator = test == PaymentsConfig::Test::Operator,
                .play_answer =
                    [parts = access_parts()](const access::Play& play, const net::Peer& peer) {
                      return access::play_answer(parts, play, peer, 201);
                    },
                .licenses = license_counts_});
  std::vector<net::Route> table;
  for (auto routes :
       {api::session_routes(sale), api::event_routes(sale), api::order_routes(sale),
        api::entitlement_routes(sale), api::producer_routes(sale), api::artwork_routes(sale),
        api::destruction_routes(sale), api::test_payment_routes(sale)}) {
    table.insert(table.end(), std::make_move_iterator(routes.begin()),
                 std::make_move_iterator(routes.end()));
  }
  return table;
}

void House::open_sale() {
  loops_[0].post([this] {
    net::Loop& home = loops_[0];
    box_office_->start(home);
    test_provider_->start(home, [this, &home](std::string signature, std::string body) {
      box_office_->webhook(signature, body, home, [](auto verdict) {
        if (!verdict) log::warning("a webhook of the test provider was refused");
      });
    });
    curtain_->start(home);
    attendance_->start(home);
    look_at_sessions();
  });
}

void House::look_at_sessions() {
  sessions_->look(loops_[0]);
  session_look_ = loops_[0].after(ticketing::kLookEvery, [this] { look_at_sessions(); });
}

}  // namespace butai::app
