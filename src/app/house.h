// The running server: everything that `butai serve` and `butai demo` put together, in one place.
// Flow:   open() builds, start() listens, drain() lets viewers go, the destructor stops the loops.
// Thread: the main thread builds and stops it; in between only the loops work.
//
// Order of members is the order of construction; destruction runs backwards, so that whoever posts
// to a loop is gone before the loop.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "access/accounts.h"
#include "access/ended_plays.h"
#include "access/guard.h"
#include "access/jwks.h"
#include "access/key_ring.h"
#include "access/oidc/sign_in.h"
#include "access/panic_switch.h"
#include "access/password.h"
#include "access/plays.h"
#include "access/proofs.h"
#include "access/publish_keys.h"
#include "access/record_key.h"
#include "access/recovery.h"
#include "access/routes.h"
#include "access/second_factor.h"
#include "access/secret.h"
#include "access/tickets.h"
#include "access/token_minter.h"
#include "access/token_verifier.h"
#include "api/known_people.h"
#include "app/live_config.h"
#include "app/stage.h"
#include "app/stills.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "drm/key_provider.h"
#include "ingest/rtmp/rtmp_server.h"
#include "keys/vault.h"
#include "licenses/license_service.h"
#include "licenses/routes.h"
#include "live/channels.h"
#include "mail/post_office.h"
#include "net/loop.h"
#include "net/movable.h"
#include "net/outgoing.h"
#include "net/server.h"
#include "pages/routes.h"
#include "store/database.h"
#include "ticketing/box_office.h"
#include "ticketing/catalog/curtain.h"
#include "ticketing/entitlements/attendance.h"
#include "ticketing/entitlements/seats_desk.h"
#include "ticketing/hooks/hooks.h"
#include "ticketing/payments/test_clock.h"
#include "ticketing/payments/test_provider.h"

namespace butai::app {

struct HouseOptions {
  std::string data;          // folder for butai.db, keys/, certs/, recordings/
  std::string listen;        // HOST:PORT of the command line; empty: configuration
  std::string worker;        // butai-worker; empty: beside this program
  std::string default_host;  // "0.0.0.0" for serve, "127.0.0.1" for demo
};

struct Ports {
  std::uint16_t http = 0, https = 0, rtmp = 0, rtmps = 0, metrics = 0;
};

class House {
 public:
  static Expected<std::unique_ptr<House>> open(Config config, HouseOptions options);
  ~House();

  Expected<Ports> start();
  // SIGHUP: the new configuration holds from now on; viewers stay.
  void reload(Config config);
  // SIGTERM: not ready, no new connections, viewers are sent elsewhere, then closed with 1001.
  void drain();

  std::string fingerprint() const;  // of the certificate, for --pin
  // No account yet: the sentence with the command that makes the first admin.
  bool has_accounts() const { return has_accounts_; }
  const access::TokenMinter& minter() const { return *minter_; }
  // Blocking, at start: an event of the demo.
  Expected<void> add_event(const ticketing::Event& event);
  access::Accounts& accounts() { return *accounts_; }
  const std::string& worker() const { return options_.worker; }

 private:
  House(Config config, HouseOptions options);
  Expected<void> build();
  Expected<void> build_access();
  Expected<void> build_keys();
  Expected<void> build_sale();
  Expected<void> build_mail();
  Expected<void> build_sign_in();
  std::string site() const;
  std::vector<net::Route> sale_routes();
  const Clock& sale_clock() const;
  access::RouteParts access_parts();
  pages::PagesOptions pages_options();
  void build_stage();
  std::optional<pages::Preview> preview_of(std::string_view slug, std::string_view language) const;
  void open_sale();
  void look_at_sessions();
  std::vector<net::Route> all_routes();
  Expected<void> build_certificate();
  Expected<Ports> listen_everywhere();
  net::ServerOptions server_options() const;
  ingest::Publication::Options publication_options() const;

  HouseOptions options_;
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  licenses::Counts license_counts_;
  LiveConfig config_;
  std::atomic<bool> ready_{false};            // asked by /readyz on every loop
  std::atomic<std::uint16_t> https_port_{0};  // likewise, by pages that redirect
  std::atomic<std::uint16_t> http_port_{0};   // likewise, by letters where no public_url is set
  bool has_accounts_ = false;
  net::TlsFiles certificate_;

  net::Loops loops_;
  net::OpenSockets open_sockets_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<access::Secret> secret_;
  std::unique_ptr<access::RecordKey> record_key_;
  std::unique_ptr<access::KeyRing> key_ring_;
  std::unique_ptr<access::Jwks> jwks_;
  std::unique_ptr<access::TokenVerifier> verifier_;
  std::unique_ptr<access::TokenMinter> minter_;
  std::unique_ptr<access::Plays> plays_;
  std::unique_ptr<access::EndedPlays> ended_plays_;
  std::unique_ptr<access::Tickets> tickets_;
  std::unique_ptr<access::Gatekeeper> gatekeeper_;
  std::unique_ptr<access::AccessGuard> guard_;
  std::unique_ptr<access::Passwords> passwords_;
  std::unique_ptr<access::Accounts> accounts_;
  std::unique_ptr<access::PublishKeys> publish_keys_;
  std::unique_ptr<access::Sessions> sessions_;
  std::unique_ptr<access::Proofs> proofs_;
  std::unique_ptr<access::Recovery> recovery_;
  std::unique_ptr<access::SecondFactors> factors_;
  std::unique_ptr<mail::PostOffice> post_office_;
  std::unique_ptr<ticketing::TestClock> test_clock_;
  std::unique_ptr<ticketing::Rights> rights_;
  std::unique_ptr<ticketing::TestProvider> test_provider_;
  std::unique_ptr<ticketing::Stripe> stripe_;  // null: the test provider takes what is paid
  std::unique_ptr<ticketing::BoxOffice> box_office_;
  std::unique_ptr<ticketing::SeatsDesk> desk_;
  std::unique_ptr<ticketing::Hooks> hooks_;
  std::unique_ptr<access::PanicSwitch> panic_;
  std::unique_ptr<api::KnownPeople> known_people_;
  TimerHandle session_look_;  // lives on the first loop
  std::unique_ptr<net::Outgoing> outgoing_;
  std::unique_ptr<access::oidc::SignIns> sign_ins_;
  std::unique_ptr<keys::Vault> vault_;
  std::unique_ptr<drm::KeyProvider> key_provider_;
  std::unique_ptr<licenses::ServiceTokens> service_tokens_;
  access::EdgeLinks edges_;
  std::unique_ptr<licenses::LicenseServices> license_services_;
  std::string fairplay_certificate_;
  std::unique_ptr<Stills> stills_;
  std::unique_ptr<live::Channels> channels_;
  std::unique_ptr<HouseStage> stage_;
  std::unique_ptr<ticketing::Curtain> curtain_;
  std::unique_ptr<ticketing::Attendance> attendance_;
  std::unique_ptr<net::Server> server_;
  std::unique_ptr<ingest::rtmp::RtmpServer> rtmp_server_;
  std::unique_ptr<net::Guard> nobody_;  // of the metrics listener, which is loopback by default
  std::unique_ptr<net::Server> metrics_server_;
};

// butai-worker beside the running program.
std::string worker_beside_us();

}  // namespace butai::app
