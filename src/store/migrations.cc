#include "store/migrations.h"

#include <fmt/format.h>
#include <soci/soci.h>

#include "store/engine.h"

namespace butai::store {
namespace {

// Names are stored folded to lower case, so plain uniqueness is uniqueness without case.
constexpr Migration kMigrations[] = {
    {1, "account",
     "CREATE TABLE account ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " name VARCHAR(64) NOT NULL UNIQUE,"
     " email VARCHAR(254) UNIQUE,"
     " password_hash VARCHAR(128) NOT NULL,"
     " role VARCHAR(16) NOT NULL CHECK (role IN ('viewer', 'producer', 'admin')),"
     " scopes TEXT NOT NULL,"
     " created_at BIGINT NOT NULL)"},
    {2, "publish_key",
     "CREATE TABLE publish_key ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " hash VARCHAR(64) NOT NULL UNIQUE,"
     " created_at BIGINT NOT NULL)"},
    {3, "key_period",
     "CREATE TABLE key_period ("
     " channel VARCHAR(64) NOT NULL,"
     " number BIGINT NOT NULL,"
     " scheme VARCHAR(4) NOT NULL CHECK (scheme IN ('cbcs', 'cenc')),"
     " created_at BIGINT NOT NULL,"
     " PRIMARY KEY (channel, number))"},
    {4, "content_key",
     "CREATE TABLE content_key ("
     " kid VARCHAR(36) PRIMARY KEY NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " period BIGINT NOT NULL,"
     " track_use VARCHAR(16) NOT NULL,"
     " maker VARCHAR(16) NOT NULL CHECK (maker IN ('built-in', 'service')),"
     " iv VARCHAR(32) NOT NULL,"
     " wrapped VARCHAR(128) NOT NULL,"
     " master VARCHAR(16) NOT NULL,"
     " created_at BIGINT NOT NULL)"},
    // --- the sale ---------------------------------------------------------------------------------
    {5, "account_display_name", "ALTER TABLE account ADD COLUMN display_name VARCHAR(128)"},
    {6, "account_language", "ALTER TABLE account ADD COLUMN language VARCHAR(8)"},
    {7, "account_session",
     "CREATE TABLE account_session ("
     " hash VARCHAR(64) PRIMARY KEY NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " created_at BIGINT NOT NULL,"
     " expires_at BIGINT NOT NULL,"
     " ended_at BIGINT,"
     " change_number BIGINT NOT NULL)"},
    {8, "account_session_change",
     "CREATE INDEX account_session_change ON account_session (change_number)"},
    // One row: what changed since a node looked last; and the lock that sales of all nodes queue at.
    {9, "change_counter",
     "CREATE TABLE change_counter (id BIGINT PRIMARY KEY NOT NULL, value BIGINT NOT NULL)"},
    {10, "change_counter_row", "INSERT INTO change_counter (id, value) VALUES (1, 0)"},
    {11, "event",
     "CREATE TABLE event ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " slug VARCHAR(64) NOT NULL UNIQUE,"
     " state VARCHAR(16) NOT NULL CHECK (state IN ('draft', 'announced', 'on_sale', 'closed')),"
     " zone VARCHAR(64) NOT NULL,"
     " title_ja TEXT NOT NULL, title_en TEXT NOT NULL,"
     " text_ja TEXT NOT NULL, text_en TEXT NOT NULL,"
     " artwork TEXT,"
     " created_at BIGINT NOT NULL)"},
    {12, "performance",
     "CREATE TABLE performance ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " event VARCHAR(32) NOT NULL REFERENCES event (id),"
     " position BIGINT NOT NULL,"
     " title_ja TEXT NOT NULL, title_en TEXT NOT NULL,"
     " doors_at BIGINT NOT NULL, start_at BIGINT NOT NULL, end_at BIGINT NOT NULL,"
     " CHECK (doors_at <= start_at AND start_at < end_at))"},
    {13, "performance_channel",
     "CREATE TABLE performance_channel ("
     " performance VARCHAR(32) NOT NULL REFERENCES performance (id),"
     " position BIGINT NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " title_ja TEXT NOT NULL, title_en TEXT NOT NULL,"
     " PRIMARY KEY (performance, channel))"},
    {14, "ticket_type",
     "CREATE TABLE ticket_type ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " event VARCHAR(32) NOT NULL REFERENCES event (id),"
     " position BIGINT NOT NULL,"
     " title_ja TEXT NOT NULL, title_en TEXT NOT NULL,"
     " price BIGINT NOT NULL CHECK (price >= 0),"
     " currency VARCHAR(3) NOT NULL,"
     " tax_rate BIGINT NOT NULL CHECK (tax_rate >= 0),"
     " capacity BIGINT NOT NULL,"
     " taken BIGINT NOT NULL DEFAULT 0,"
     " devices BIGINT NOT NULL CHECK (devices > 0),"
     " sale_from BIGINT NOT NULL, sale_until BIGINT NOT NULL,"
     " per_account BIGINT NOT NULL CHECK (per_account > 0),"
     " code_needed BIGINT NOT NULL,"
     " payments VARCHAR(64) NOT NULL,"
     " CHECK (taken >= 0 AND taken <= capacity))"},
    {15, "ticket_type_performance",
     "CREATE TABLE ticket_type_performance ("
     " ticket_type VARCHAR(32) NOT NULL REFERENCES ticket_type (id),"
     " performance VARCHAR(32) NOT NULL REFERENCES performance (id),"
     " PRIMARY KEY (ticket_type, performance))"},
    {16, "invitation_code",
     "CREATE TABLE invitation_code ("
     " ticket_type VARCHAR(32) NOT NULL REFERENCES ticket_type (id),"
     " hash VARCHAR(64) NOT NULL,"
     " uses_max BIGINT NOT NULL,"
     " used BIGINT NOT NULL DEFAULT 0,"
     " PRIMARY KEY (ticket_type, hash),"
     " CHECK (used >= 0 AND used <= uses_max))"},
    {17, "orders",
     "CREATE TABLE orders ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " ticket_type VARCHAR(32) NOT NULL REFERENCES ticket_type (id),"
     " event VARCHAR(32) NOT NULL REFERENCES event (id),"
     " quantity BIGINT NOT NULL CHECK (quantity > 0),"
     " total BIGINT NOT NULL CHECK (total >= 0),"
     " tax BIGINT NOT NULL,"
     " currency VARCHAR(3) NOT NULL,"
     " state VARCHAR(16) NOT NULL,"
     " code_hash VARCHAR(64),"
     " hold_until BIGINT NOT NULL,"
     " pay_until BIGINT NOT NULL,"
     " created_at BIGINT NOT NULL,"
     " changed_at BIGINT NOT NULL)"},
    {18, "orders_account", "CREATE INDEX orders_account ON orders (account, ticket_type)"},
    {19, "orders_state", "CREATE INDEX orders_state ON orders (state, hold_until)"},
    {20, "orders_event", "CREATE INDEX orders_event ON orders (event, id)"},
    // The id is the idempotency key of the payment's creation: written before the provider is called.
    {21, "payment",
     "CREATE TABLE payment ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " order_id VARCHAR(32) NOT NULL UNIQUE REFERENCES orders (id),"
     " method VARCHAR(16) NOT NULL,"
     " amount BIGINT NOT NULL,"
     " currency VARCHAR(3) NOT NULL,"
     " captured BIGINT NOT NULL DEFAULT 0 CHECK (captured >= 0),"
     " refunded BIGINT NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= captured),"
     " dispute BIGINT NOT NULL DEFAULT 0,"
     " gone BIGINT NOT NULL DEFAULT 0,"
     " cancelled BIGINT NOT NULL DEFAULT 0,"
     " url TEXT, number TEXT, store_deadline BIGINT,"
     " created_at BIGINT NOT NULL,"
     " ask_at BIGINT NOT NULL)"},
    {22, "payment_ask", "CREATE INDEX payment_ask ON payment (ask_at)"},
    {23, "provider_call",
     "CREATE TABLE provider_call ("
     " call_key VARCHAR(48) PRIMARY KEY NOT NULL,"
     " kind VARCHAR(16) NOT NULL CHECK (kind IN ('create', 'cancel', 'refund')),"
     " payment VARCHAR(32) NOT NULL REFERENCES payment (id),"
     " amount BIGINT NOT NULL,"
     " done BIGINT NOT NULL DEFAULT 0,"
     " tries BIGINT NOT NULL DEFAULT 0,"
     " next_at BIGINT NOT NULL)"},
    {24, "provider_call_next", "CREATE INDEX provider_call_next ON provider_call (done, next_at)"},
    {25, "webhook_event",
     "CREATE TABLE webhook_event ("
     " id VARCHAR(80) PRIMARY KEY NOT NULL,"
     " payment VARCHAR(32) NOT NULL,"
     " received_at BIGINT NOT NULL,"
     " verdict VARCHAR(32) NOT NULL)"},
    {26, "ledger",
     "CREATE TABLE ledger ("
     " number BIGINT PRIMARY KEY NOT NULL,"
     " order_id VARCHAR(32) NOT NULL,"
     " reference VARCHAR(48) NOT NULL,"
     " account VARCHAR(16) NOT NULL,"
     " amount BIGINT NOT NULL,"
     " currency VARCHAR(3) NOT NULL,"
     " at BIGINT NOT NULL,"
     " hash VARCHAR(64) NOT NULL,"
     " UNIQUE (order_id, reference, account))"},
    {27, "ledger_keeps",
     "CREATE TRIGGER ledger_keeps BEFORE UPDATE ON ledger"
     " BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END",
     "CREATE FUNCTION ledger_keeps() RETURNS trigger LANGUAGE plpgsql AS"
     " $$ BEGIN RAISE EXCEPTION 'the ledger is only appended to'; END $$"},
    {28, "ledger_keeps_all",
     "CREATE TRIGGER ledger_keeps_all BEFORE DELETE ON ledger"
     " BEGIN SELECT RAISE(ABORT, 'the ledger is only appended to'); END",
     "CREATE TRIGGER ledger_keeps_all BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger"
     " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keeps()"},
    {29, "entitlement",
     "CREATE TABLE entitlement ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " order_id VARCHAR(32) NOT NULL REFERENCES orders (id),"
     " seat BIGINT NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " ticket_type VARCHAR(32) NOT NULL REFERENCES ticket_type (id),"
     " valid BIGINT NOT NULL,"
     " granted_at BIGINT NOT NULL,"
     " change_number BIGINT NOT NULL,"
     " UNIQUE (order_id, seat))"},
    {30, "entitlement_change", "CREATE INDEX entitlement_change ON entitlement (change_number)"},
    {31, "entitlement_account", "CREATE INDEX entitlement_account ON entitlement (account)"},
    {32, "test_report",
     "CREATE TABLE test_report ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " performance VARCHAR(32) NOT NULL REFERENCES performance (id),"
     " created_at BIGINT NOT NULL,"
     " passed BIGINT NOT NULL,"
     " report TEXT NOT NULL)"},
    // The provider's own name of a payment, and what the buyer's browser pays it with while it is open.
    {33, "payment_reference", "ALTER TABLE payment ADD COLUMN reference VARCHAR(64)"},
    {34, "payment_secret", "ALTER TABLE payment ADD COLUMN secret TEXT"},
    {35, "payment_by_reference", "CREATE INDEX payment_by_reference ON payment (reference)"},
    {36, "orders_tax_rate", "ALTER TABLE orders ADD COLUMN tax_rate BIGINT NOT NULL DEFAULT 10"},
    {37, "receipt",
     "CREATE TABLE receipt ("
     " order_id VARCHAR(32) NOT NULL REFERENCES orders (id),"
     " issue BIGINT NOT NULL,"
     " addressee TEXT NOT NULL,"
     " issued_at BIGINT NOT NULL,"
     " PRIMARY KEY (order_id, issue))"},
    {38, "hook_event",
     "CREATE TABLE hook_event ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " body TEXT NOT NULL,"
     " tries BIGINT NOT NULL DEFAULT 0,"
     " created_at BIGINT NOT NULL,"
     " next_at BIGINT NOT NULL)"},
    {39, "hook_event_next", "CREATE INDEX hook_event_next ON hook_event (next_at)"},
    {40, "panic_switch", "CREATE TABLE panic_switch (is_on BIGINT NOT NULL)"},
    {41, "panic_switch_off", "INSERT INTO panic_switch (is_on) VALUES (0)"},
    // --- letters ----------------------------------------------------------------------------------
    {42, "letter",
     "CREATE TABLE letter ("
     " letter_key VARCHAR(160) PRIMARY KEY NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " address VARCHAR(254) NOT NULL,"
     " language VARCHAR(8) NOT NULL,"
     " kind VARCHAR(16) NOT NULL,"
     " content TEXT NOT NULL,"
     " state VARCHAR(16) NOT NULL CHECK (state IN"
     " ('waiting', 'sending', 'sent', 'bounced', 'unknown', 'late')),"
     " why VARCHAR(200) NOT NULL,"
     " created_at BIGINT NOT NULL,"
     " next_at BIGINT NOT NULL,"
     " until_at BIGINT NOT NULL,"
     " tries BIGINT NOT NULL)"},
    {43, "letter_next", "CREATE INDEX letter_next ON letter (state, next_at)"},
    {44, "letter_account", "CREATE INDEX letter_account ON letter (account, next_at)"},
    {45, "performance_reminded",
     "ALTER TABLE performance ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0"},
    // --- signing in -------------------------------------------------------------------------------
    {46, "account_email_verified", "ALTER TABLE account ADD COLUMN email_verified_at BIGINT"},
    {47, "account_session_proved", "ALTER TABLE account_session ADD COLUMN proved_at BIGINT"},
    {48, "identity",
     "CREATE TABLE identity ("
     " issuer VARCHAR(255) NOT NULL,"
     " subject VARCHAR(255) NOT NULL,"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " id VARCHAR(32) NOT NULL UNIQUE,"
     " provider VARCHAR(64) NOT NULL,"
     " email VARCHAR(254) NOT NULL,"
     " linked_at BIGINT NOT NULL,"
     " PRIMARY KEY (issuer, subject))"},
    {49, "identity_account", "CREATE INDEX identity_account ON identity (account)"},
    // Answers of identity providers that were taken, until their time is over: each once.
    {50, "sign_in_used",
     "CREATE TABLE sign_in_used ("
     " state VARCHAR(32) PRIMARY KEY NOT NULL,"
     " expires_at BIGINT NOT NULL)"},
    {51, "proof",
     "CREATE TABLE proof ("
     " id VARCHAR(32) PRIMARY KEY NOT NULL,"
     " used_for VARCHAR(8) NOT NULL CHECK (used_for IN ('verify', 'reset')),"
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " address VARCHAR(254) NOT NULL,"
     " expires_at BIGINT NOT NULL)"},
    {52, "second_factor",
     "CREATE TABLE second_factor ("
     " account VARCHAR(32) PRIMARY KEY NOT NULL REFERENCES account (id),"
     " secret VARCHAR(128) NOT NULL,"
     " confirmed_at BIGINT,"
     " last_step BIGINT NOT NULL)"},
    {53, "recovery_code",
     "CREATE TABLE recovery_code ("
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " hash VARCHAR(64) NOT NULL,"
     " PRIMARY KEY (account, hash))"},
    // --- the end of a night ------------------------------------------------------------------------
    {54, "destruction",
     "CREATE TABLE destruction ("
     " event VARCHAR(32) NOT NULL,"
     " channel VARCHAR(64) NOT NULL,"
     " ended_at BIGINT NOT NULL,"
     " record TEXT NOT NULL,"
     " signing_key VARCHAR(64) NOT NULL,"
     " signature VARCHAR(128) NOT NULL,"
     " PRIMARY KEY (event, channel, ended_at))"},
    {55, "missed",
     "CREATE TABLE missed ("
     " account VARCHAR(32) NOT NULL REFERENCES account (id),"
     " performance VARCHAR(32) NOT NULL REFERENCES performance (id),"
     " without_picture BIGINT NOT NULL,"  // microseconds
     " not_delivered BIGINT NOT NULL,"
     " PRIMARY KEY (account, performance))"},
    // By the hash that is its name, so that it never changes; bytes in base64url: both stores take text.
    {56, "artwork",
     "CREATE TABLE artwork ("
     " name VARCHAR(64) PRIMARY KEY NOT NULL,"
     " media_type VARCHAR(32) NOT NULL,"
     " bytes TEXT NOT NULL,"
     " created_at BIGINT NOT NULL)"},
    // --- plays that were ended ---------------------------------------------------------------------
    {57, "ended_play",
     "CREATE TABLE ended_play ("
     " id VARCHAR(22) PRIMARY KEY NOT NULL,"
     " until_at BIGINT NOT NULL,"
     " change_number BIGINT NOT NULL)"},
    {58, "ended_play_change", "CREATE INDEX ended_play_change ON ended_play (change_number)"},
    {59, "ended_play_until", "CREATE INDEX ended_play_until ON ended_play (until_at)"},
    // What was sent back and did not arrive, by the provider's name of the refund: each counts once.
    {60, "refund_failure",
     "CREATE TABLE refund_failure ("
     " id VARCHAR(64) PRIMARY KEY NOT NULL,"
     " payment VARCHAR(32) NOT NULL REFERENCES payment (id),"
     " amount BIGINT NOT NULL,"
     " known_at BIGINT NOT NULL)"},
    {61, "payment_refund_failed",
     "ALTER TABLE payment ADD COLUMN refund_failed BIGINT NOT NULL DEFAULT 0"},
    // Sent once more in place of what failed; refunded stays what went back of the sale.
    {62, "payment_refunded_again",
     "ALTER TABLE payment ADD COLUMN refunded_again BIGINT NOT NULL DEFAULT 0"
     " CHECK (refunded_again >= 0 AND refunded_again <= refund_failed)"},
    // Sessions and ended plays count apart from sales, on from the numbers that they have.
    {63, "change_counter_people",
     "INSERT INTO change_counter (id, value) SELECT 2, value FROM change_counter WHERE id = 1"},
    // A producer's list goes by time; nothing asks in the order of ids any more.
    {64, "orders_event_created",
     "CREATE INDEX orders_event_created ON orders (event, created_at, id)"},
    {65, "orders_event_by_id", "DROP INDEX orders_event"},
};

int version_of(soci::session& sql) {
  sql << "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY NOT NULL,"
         " name VARCHAR(64) NOT NULL)";
  int version = 0;
  sql << "SELECT COALESCE(MAX(number), 0) FROM migration", soci::into(version);
  return version;
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Expected<void> migrate(soci::session& sql, std::span<const Migration> list) {
  const int version = version_of(sql);
  const int newest = list.empty() ? 0 : list.back().number;
  if (version > newest) {
    return problem(
        fmt::format("it was written by a newer butai (its tables have version {}, this "
                    "program knows {}). Use the newer program, or another database.",
                    version, newest));
  }
  for (const Migration& next : list) {
    if (next.number <= version) continue;
    soci::transaction change(sql);
    const bool postgresql = engine_of(sql) == Engine::PostgreSql;
    // Two nodes that start together: the second one waits here, and then there is nothing to do.
    if (postgresql) sql << "LOCK TABLE migration IN EXCLUSIVE MODE";
    if (version_of(sql) >= next.number) continue;
    const std::string name(next.name);  // SOCI reads it after temporaries of the line are gone
    sql << std::string(postgresql && !next.postgresql.empty() ? next.postgresql : next.sql);
    sql << "INSERT INTO migration (number, name) VALUES (:number, :name)", soci::use(next.number),
        soci::use(name);
    change.commit();
  }
  return {};
}

}  // namespace butai::store
