// Whatever comes back from a provider or a browser: nothing unsigned becomes an identity, nobody makes a state,
// a path that passes stays on this site however a browser reads it.
#include <cstdlib>

#include "access/oidc/discovery.h"
#include "access/oidc/id_token.h"
#include "access/oidc/own_path.h"
#include "access/oidc/sign_in.h"
#include "access/oidc/state.h"
#include "base/testing/manual_time.h"
#include "net/outgoing.h"

namespace {

using namespace butai;
using namespace butai::access;

constexpr std::string_view kSecret = "fuzz-secret-0123456789abcdef0123456789";
constexpr Utc kNow = utc_of(1'800'000'000'000'000);

void require(bool holds) {
  if (!holds) std::abort();
}

class ZeroRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override { std::fill(out.begin(), out.end(), 0); }
};

// The input as header and claims under a good signature, so that the checks behind it are reached.
std::string signed_text(std::string_view text) {
  const std::size_t cut = std::min(text.find('\n'), text.size());
  std::string token = base64url(as_bytes(text.substr(0, cut))) + "." +
                      base64url(as_bytes(text.substr(std::min(cut + 1, text.size()))));
  return token + "." + base64url(hmac_sha256(as_bytes(kSecret), as_bytes(token)));
}

oidc::Settings settings() {
  oidc::Settings made;
  made.name = "line";
  made.issuer = "https://id.example.org/";
  made.client_id = "butai";
  made.client_secret = kSecret;
  made.algorithms = {Algorithm::HS256};
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  static ZeroRandom random;
  static const Secret secret{std::string(kSecret)};
  static oidc::StateSeal seal(secret, random);
  static const oidc::Settings provider = settings();
  static const Keys keys = oidc::allowed_keys(provider, {});
  const std::string_view text = as_text({bytes, size});

  require(!oidc::verify_id_token(text, provider, keys, "n", kNow));
  if (const auto identity = oidc::verify_id_token(signed_text(text), provider, keys, "n", kNow)) {
    require(!identity->subject.empty() && identity->subject.size() <= 255);
    require(identity->name.find_first_of("\r\n") == std::string::npos);
  }
  require(!oidc::verify_id_token(signed_text(text), provider, keys, "", kNow));
  require(!seal.open_state(text, kNow));
  require(!seal.open_memory(text));

  if (oidc::is_own_path(text)) {
    require(text[0] == '/' && text.size() <= 512);
    require(text.size() < 2 || (text[1] != '/' && text[1] != '\\'));
    require(text.find_first_of("\r\n\t\\ ") == std::string_view::npos);
    auto begun = seal.begin("line", text, "", 0, kNow);
    const auto again = seal.open_state(seal.seal(begun.state), kNow);
    require(again && again->return_to == text);
  }
  if (const auto metadata = oidc::parse_discovery(text, provider.issuer)) {
    require(net::check_outgoing_url(metadata->token_endpoint).has_value());
    require(net::check_outgoing_url(metadata->jwks_uri).has_value());
  }
  static_cast<void>(oidc::id_token_in(text));
  return 0;
}
