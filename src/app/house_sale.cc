// The sale: the half of the house that knows events, orders and tickets.
#include "api/sale.h"
#include "app/house.h"
#include "app/legal.h"
#include "base/log.h"
#include "pages/routes.h"
#include "store/disk.h"
#include "ticketing/catalog/catalog_store.h"
#include "ticketing/limits.h"

namespace butai::app {

Expected<void> House::build_sale() {
  const auto config = config_.get();
  auto books = store::Database::open({.path = options_.data + "/test-payments.db",
                                      .url = {},
                                      .tables = ticketing::test_books_tables()});
  if (!books) return std::unexpected(books.error());
  const ticketing::StripeSettings& stripe = config->payments.stripe;
  if (config->payments.test == PaymentsConfig::Test::Operator && stripe.secret_key.empty()) {
    test_clock_ = std::make_unique<ticketing::TestClock>(clock_);
  }
  const access::Key32 key = secret_->derived("butai test payments 1");
  test_provider_ = std::make_unique<ticketing::TestProvider>(
      std::move(*books), std::string(as_text(key)), sale_clock(), random_);
  if (!stripe.secret_key.empty()) {
    if (auto good = ticketing::check_stripe_settings(stripe); !good) return good;
    const auto money =
        ticketing::is_live_key(stripe.secret_key) ? store::Money::Live : store::Money::Test;
    const auto lasts = store::live_money_may_live_at(config->database(options_.data), money);
    if (!lasts) return lasts;
    stripe_ = std::make_unique<ticketing::Stripe>(
        stripe, [this](net::OutgoingRequest request, Executor& home, net::Outgoing::Done done) {
          outgoing_->send(std::move(request), home, std::move(done));
        });
  }
  ticketing::Provider& provider =
      stripe_ ? static_cast<ticketing::Provider&>(*stripe_) : *test_provider_;
  sessions_ = std::make_unique<access::Sessions>(*database_, *secret_, clock_, random_,
                                                 config->auth.second_factor);
  rights_ = std::make_unique<ticketing::Rights>(
      *database_, sale_clock(), [this](std::string_view name) { return plays_->owner_of(name); });
  box_office_ =
      std::make_unique<ticketing::BoxOffice>(*database_, provider, *rights_, sale_clock(), random_);
  desk_ = std::make_unique<ticketing::SeatsDesk>(*rights_, *plays_, config_, clock_);
  if (auto good = ticketing::check_hook_settings(config->webhooks); !good) return good;
  hooks_ = std::make_unique<ticketing::Hooks>(
      config->webhooks,
      [this](net::OutgoingRequest request, Executor& home, net::Outgoing::Done done) {
        outgoing_->send(std::move(request), home, std::move(done));
      },
      *database_, clock_, random_);
  desk_->tell(
      [this](std::string_view account, std::string_view channel, std::string_view performance) {
        hooks_->play_started(account, channel, performance);
      });
  panic_ = std::make_unique<access::PanicSwitch>(*database_);
  known_people_ = std::make_unique<api::KnownPeople>(clock_);
  guard_->know(*panic_);
  guard_->know(*sessions_);
  guard_->know(*desk_);
  // Whoever is signed in is known from the first request on, also after a restart.
  sessions_->tell([this](const access::Account& account) { known_people_->know(account); });
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
  const auto saved = database_->run_and_wait<bool>([&](store::Session& session) {
    store::Sql sql(session);
    ticketing::Work work{sql, clock_.utc(), random_};
    return ticketing::save_event(work, event).has_value();
  });
  if (!saved || !*saved) return problem("the event " + event.slug + " could not be saved");
  if (!rights_->load()) return problem("the tickets could not be read");
  return {};
}

std::vector<net::Route> House::sale_routes() {
  const PaymentsConfig payments = config_.get()->payments;
  const bool cards = !stripe_ && payments.test != PaymentsConfig::Test::Off;
  const auto sale = std::make_shared<const api::Sale>(
      api::Sale{.office = *box_office_,
                .accounts = *accounts_,
                .sessions = *sessions_,
                .sign_ins = *sign_ins_,
                .recovery = *recovery_,
                .factors = *factors_,
                .guard = *guard_,
                .plays = *plays_,
                .panic = *panic_,
                .known = *known_people_,
                .clock = sale_clock(),
                .record_key = *record_key_,
                .test_clock = test_clock_.get(),
                .test_provider = cards ? test_provider_.get() : nullptr,
                .second_factor = config_.get()->auth.second_factor,
                .test_operator = payments.test == PaymentsConfig::Test::Operator,
                .stripe = stripe_ ? std::optional(payments.stripe) : std::nullopt,
                .why_nothing_is_sold = [this] { return app::why_nothing_is_sold(*config_.get()); },
                .registration_number =
                    [this] {
                      const auto config = config_.get();
                      const auto found = config->legal.find("registration_number");
                      return found == config->legal.end() ? std::string() : found->second;
                    },
                .play_answer =
                    [parts = access_parts()](const access::Play& play, const net::Peer& peer) {
                      return access::play_answer(parts, play, peer, 201);
                    },
                .licenses = license_counts_});
  std::vector<net::Route> table;
  for (auto routes :
       {api::session_routes(sale), api::sign_in_routes(sale), api::account_routes(sale),
        api::event_routes(sale), api::order_routes(sale), api::receipt_routes(sale),
        api::sales_routes(sale), api::panic_routes(sale), api::entitlement_routes(sale),
        api::producer_routes(sale), api::artwork_routes(sale), api::destruction_routes(sale),
        api::test_payment_routes(sale)}) {
    table.insert(table.end(), std::make_move_iterator(routes.begin()),
                 std::make_move_iterator(routes.end()));
  }
  table.push_back(api::legal_route([this] {
    boost::json::object all = legal_json(*config_.get());
    boost::json::array external;
    for (const auto& [host, kinds] : pages::external_hosts(pages_options())) {
      external.push_back({{"host", host}, {"kinds", kinds}});
    }
    all["external"] = std::move(external);
    return all;
  }));
  return table;
}

void House::open_sale() {
  loops_[0].post([this] {
    net::Loop& home = loops_[0];
    box_office_->start(home);
    hooks_->start(home);
    curtain_->start(home);
    attendance_->start(home);
    look_at_sessions();
    if (stripe_) return;
    test_provider_->start(home, [this, &home](std::string signature, std::string body) {
      box_office_->webhook(signature, body, home, [](auto verdict) {
        if (!verdict) log::warning("a webhook of the test provider was refused");
      });
    });
  });
  post_office_->start();
}

void House::look_at_sessions() {
  ended_plays_->look();
  // The next look begins after this one: a slow database is not asked faster than it answers.
  sessions_->look(loops_[0], [this] {
    panic_->look(loops_[0], [this] {
      session_look_ = loops_[0].after(ticketing::kLookEvery, [this] { look_at_sessions(); });
    });
  });
}

}  // namespace butai::app
