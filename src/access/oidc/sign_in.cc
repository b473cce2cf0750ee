#include "access/oidc/sign_in.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "access/jwt.h"
#include "access/limits.h"
#include "access/oidc/limits.h"
#include "access/oidc/own_path.h"
#include "access/strict_json.h"
#include "base/log.h"
#include "net/text.h"

namespace butai::access::oidc {
namespace {

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

std::string form_of(const Pairs& pairs) {
  std::string form;
  for (const auto& [name, value] : pairs) {
    form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, net::percent_encoded(value));
  }
  return form;
}

std::string callback_of(std::string_view origin, std::string_view provider) {
  return fmt::format("{}/auth/{}/callback", origin, provider);
}

net::OutgoingRequest token_request(const Settings& settings, const Metadata& metadata,
                                   const SignIns::Back& back, const std::string& verifier) {
  const std::string callback = callback_of(back.origin, settings.name);
  Pairs form{{"grant_type", "authorization_code"},
             {"code", back.code},
             {"redirect_uri", callback},
             {"code_verifier", verifier}};
  net::OutgoingRequest request;
  request.url = metadata.token_endpoint;
  request.headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"};
  if (settings.client_auth == Settings::ClientAuth::Basic) {
    // RFC 6749 section 2.3.1: both are form-encoded first.
    request.auth = net::OutgoingRequest::Auth::Basic;
    request.user = net::percent_encoded(settings.client_id);
    request.password = net::percent_encoded(settings.client_secret);
  } else {
    form.emplace_back("client_id", settings.client_id);
    form.emplace_back("client_secret", settings.client_secret);
  }
  request.body = form_of(form);
  return request;
}

}  // namespace

// One answer on its way through the steps.
struct SignIns::Exchange {
  Back back;
  Executor& home;
  Done done;
  Provider& provider;
  Memory memory;
  Came came;
  std::string id_token = {};

  void end(Problem problem) {
    came.problem = problem;
    done(std::move(came));
  }
};

std::optional<std::string> id_token_in(std::string_view answer) {
  const auto object = parse_object(answer);
  if (!object) return std::nullopt;
  const auto token = text_member(*object, "id_token");
  if (!token || token->size() > kTokenBytesMax) return std::nullopt;
  return std::string(*token);
}

SignIns::SignIns(const std::vector<Settings>& settings, const SignInParts& parts)
    : parts_(parts), seal_(parts.secret, parts.random) {
  for (const Settings& one : settings) {
    providers_.push_back(std::make_unique<Provider>(one, parts.clock));
  }
}

std::vector<const Settings*> SignIns::providers() const {
  std::vector<const Settings*> all;
  for (const auto& provider : providers_) all.push_back(&provider->settings());
  return all;
}

Provider* SignIns::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      providers_, [name](const auto& one) { return one->settings().name == name; });
  return found == providers_.end() ? nullptr : found->get();
}

void SignIns::begin(Begin wish, Executor& home,
                    std::move_only_function<void(std::optional<Away>)> done) {
  Provider* provider = find(wish.provider);
  if (provider == nullptr || !is_own_path(wish.return_to)) return done(std::nullopt);
  auto go = [this, provider, wish = std::move(wish), done = std::move(done)]() mutable {
    const auto known = provider->known();
    if (!known) return done(std::nullopt);
    const Settings& settings = provider->settings();
    auto begun =
        seal_.begin(settings.name, wish.return_to, wish.account, wish.tries, parts_.clock.utc());
    const std::string state = seal_.seal(begun.state);
    const std::string callback = callback_of(wish.origin, settings.name);
    const std::string challenge = code_challenge(begun.memory.verifier);
    const std::string& endpoint = known->metadata.authorization_endpoint;
    done(Away{fmt::format("{}{}{}", endpoint, endpoint.contains('?') ? '&' : '?',
                          form_of({{"response_type", "code"},
                                   {"client_id", settings.client_id},
                                   {"redirect_uri", callback},
                                   {"scope", settings.scope},
                                   {"state", state},
                                   {"nonce", begun.memory.nonce},
                                   {"code_challenge", challenge},
                                   {"code_challenge_method", "S256"}})),
              seal_.lock(begun.memory)});
  };
  if (provider->known()) return go();
  provider->refresh(home, std::move(go));
}

void SignIns::finish(const Back& back, Executor& home, Done done) {
  Provider* provider = find(back.provider);
  const auto state = seal_.open_state(back.state, parts_.clock.utc());
  Came came;
  if (provider == nullptr || !state) {
    came.problem = Problem::Again;
    return done(std::move(came));
  }
  came.return_to = state->return_to;
  const auto memory = seal_.open_memory(back.cookie);
  if (!memory || memory->id != state->id || memory->provider != back.provider) {
    if (state->tries >= kTriesMax) {
      came.problem = Problem::Cookies;
      return done(std::move(came));
    }
    // Another browser's: whoever it is signs in here, and nothing of that answer is used.
    return begin(
        {back.provider, back.origin, state->return_to, "", state->tries + 1}, home,
        [came = std::move(came), done = std::move(done)](std::optional<Away> away) mutable {
          if (!away) came.problem = Problem::Provider;
          came.away = std::move(away);
          done(std::move(came));
        });
  }
  came.links = !memory->account.empty();
  auto exchange =
      std::make_shared<Exchange>(back, home, std::move(done), *provider, *memory, std::move(came));
  const auto known = provider->known();
  const bool right_issuer = back.issuer.empty() ? known && !known->metadata.iss_in_answer
                                                : back.issuer == provider->settings().issuer;
  if (!back.error.empty()) {
    return exchange->end(back.error == "access_denied" ? Problem::Cancelled : Problem::Provider);
  }
  if (!known || !right_issuer || back.code.empty() || back.code.size() > kCodeBytesMax ||
      (exchange->came.links && back.account != memory->account)) {
    return exchange->end(Problem::Again);
  }
  // Once: whoever comes with the same answer again finds it used.
  parts_.database.run<bool>(
      store::Lane::House, home,
      [id = base64url(state->id), expires = state->expires,
       now = parts_.clock.utc()](store::Session& session) {
        store::Sql sql(session);
        sql.run("DELETE FROM sign_in_used WHERE expires_at <= ?", {micros_of(now)});
        return sql.run(
                   "INSERT INTO sign_in_used (state, expires_at) VALUES (?, ?)"
                   " ON CONFLICT (state) DO NOTHING",
                   {id, micros_of(expires)}) == 1;
      },
      [this, exchange](auto first) {
        if (!first || !*first) return exchange->end(Problem::Again);
        ask_for_token(exchange);
      });
}

void SignIns::ask_for_token(const ExchangePtr& exchange) {
  const auto known = exchange->provider.known();
  const Settings& settings = exchange->provider.settings();
  parts_.outgoing.send(
      token_request(settings, known->metadata, exchange->back, exchange->memory.verifier),
      exchange->home, [this, exchange](Expected<net::OutgoingAnswer> answer) {
        const auto token =
            answer && answer->status == 200 ? id_token_in(answer->body) : std::nullopt;
        if (!token) {
          log::warning("an identity provider gave no ID token",
                       {{"provider", exchange->back.provider},
                        {"why", answer ? fmt::format("status {}", answer->status)
                                       : answer.error().sentence}});
          return exchange->end(Problem::Provider);
        }
        exchange->id_token = *token;
        read_token(exchange, false);
      });
}

void SignIns::read_token(const ExchangePtr& exchange, bool again) {
  const auto known = exchange->provider.known();
  const auto identity = verify_id_token(exchange->id_token, exchange->provider.settings(),
                                        known->keys, exchange->memory.nonce, parts_.clock.utc());
  if (identity) return enter(exchange, *identity);
  // It may have changed its keys a moment ago.
  if (identity.error() == kUnknownKey && !again) {
    return exchange->provider.refresh(exchange->home,
                                      [this, exchange] { read_token(exchange, true); });
  }
  log::warning("an ID token was refused",
               {{"provider", exchange->back.provider}, {"why", identity.error()}});
  exchange->end(Problem::Provider);
}

void SignIns::enter(const ExchangePtr& exchange, const Identity& identity) {
  using Outcome = std::expected<Account, EnterFault>;
  parts_.database.run<Outcome>(
      store::Lane::House, exchange->home,
      [this, exchange, identity](store::Session& session) -> Outcome {
        store::Sql sql(session);
        const Settings& provider = exchange->provider.settings();
        const Utc now = parts_.clock.utc();
        const std::string& account = exchange->memory.account;
        if (!account.empty()) return link(sql, provider, identity, account, now, parts_.random);
        auto entered =
            oidc::enter(sql, provider, identity, exchange->back.language, now, parts_.random);
        if (!entered) return std::unexpected(entered.error());
        if (entered->is_new && entered->account.email && !identity.email_verified) {
          parts_.greet(sql, entered->account);
        }
        return std::move(entered->account);
      },
      [this, exchange](auto told) {
        if (!told) return exchange->end(Problem::Again);
        if (!*told) {
          const bool address = told->error() == EnterFault::AddressTaken;
          const bool others = told->error() == EnterFault::OthersIdentity;
          return exchange->end(address  ? Problem::AddressTaken
                               : others ? Problem::Taken
                                        : Problem::Again);
        }
        if (exchange->came.links) return exchange->end(Problem::None);
        parts_.sessions.start(**told, exchange->home, [exchange](auto started) {
          if (!started) return exchange->end(Problem::Again);
          exchange->came.session = std::move(*started);
          exchange->end(Problem::None);
        });
      });
}

}  // namespace butai::access::oidc
