#include "access/guard.h"

#include <fmt/format.h>

#include "base/name.h"

namespace butai::access {

using net::Policy;
using net::Principal;
using net::Request;
using net::Who;

// What a route asks, and the scope that would be the answer.
struct AccessGuard::Question {
  Who who = Who::Admin;
  std::string channel;  // of Viewer and Publisher
  std::string scope;
  net::LateToken late_token = net::LateToken::No;

  static Question of(const Policy& policy, const Request& request) {
    Question question{policy.who, {}, {}, policy.late_token};
    switch (policy.who) {
      case Who::Anyone:
        break;
      case Who::Bearer:
        question.scope = "view:main";  // any will do
        break;
      case Who::Viewer:
        question.channel = request.arg("channel");
        question.scope = "view:" + question.channel;
        break;
      case Who::Publisher:
        question.channel = request.query_value("channel").value_or("main");
        question.scope = "publish:" + question.channel;
        break;
      case Who::Control:
        question.scope = "control";
        break;
      case Who::Admin:
        question.scope = "admin";
        break;
    }
    return question;
  }
  bool about_channel() const { return who == Who::Viewer || who == Who::Publisher; }
};

net::Response Denial::response() const {
  net::Response answer = net::Response::problem(http_status(), sentence);
  const std::string_view description = access::sentence(refusal);
  std::string challenge = "Bearer realm=\"butai\"";
  if (refusal == Refusal::NoCredential) {
    // RFC 6750 section 3.1: without credentials no error code.
  } else if (http_status() == 401) {
    challenge += fmt::format(", error=\"invalid_token\", error_description=\"{}\"", description);
  } else if (refusal == Refusal::NotAllowed && !scope.empty()) {
    challenge +=
        fmt::format(", error=\"insufficient_scope\", error_description=\"{}\", scope=\"{}\"",
                    description, scope);
  } else {
    return answer;
  }
  answer.headers.set("WWW-Authenticate", std::move(challenge));
  return answer;
}

AccessGuard::AccessGuard(const TokenVerifier& verifier, Plays& plays, Tickets& tickets,
                         const Gatekeeper& gatekeeper, const Secret& secret, Metrics& metrics)
    : verifier_(verifier),
      plays_(plays),
      tickets_(tickets),
      gatekeeper_(gatekeeper),
      weak_secret_(secret.weak()) {
  for (std::size_t i = 0; i < kRefusals; ++i) {
    refused_[i] = &metrics.counter("butai_access_refused_total", "Requests refused, by reason.",
                                   {{"reason", std::string(label(static_cast<Refusal>(i)))}});
  }
}

Denial AccessGuard::deny(Refusal refusal, std::string_view scope) {
  refused_[static_cast<std::size_t>(refusal)]->Increment();
  Denial denial{refusal, std::string(sentence(refusal)), std::string(scope)};
  if (refusal == Refusal::NotAllowed && !scope.empty()) {
    denial.sentence += fmt::format(" It needs the scope {}.", scope);
  }
  if (cured_by_new_token(refusal) && !scope.empty()) {
    denial.sentence += fmt::format(" Make a good one with: {}", mint_line(scope));
  }
  return denial;
}

std::expected<Principal, net::Response> AccessGuard::admit(const Policy& policy,
                                                           const Request& request) {
  if (policy.rests && panic_ != nullptr && panic_->on()) {
    return std::unexpected(resting_answer(request));
  }
  if (policy.who == Who::Anyone) return Principal{};
  const Question question = Question::of(policy, request);
  const auto credential = find_credential(request);
  auto principal = credential
                       ? answer(question, request, *credential)
                       : std::expected<Principal, Refusal>(std::unexpected(credential.error()));
  if (principal) return std::move(*principal);
  return std::unexpected(deny(principal.error(), question.scope).response());
}

std::expected<Principal, Denial> AccessGuard::admit_token(const Policy& policy,
                                                          const Request& request,
                                                          std::string_view token) {
  Question question = Question::of(policy, request);
  question.late_token = net::LateToken::No;
  auto principal =
      answer(question, request, Credential{Credential::Kind::Bearer, std::string(token)});
  if (principal) return std::move(*principal);
  return std::unexpected(deny(principal.error(), question.scope));
}

std::expected<Principal, Denial> AccessGuard::identify(const Request& request) {
  const auto credential = find_credential(request);
  if (!credential) return std::unexpected(deny(credential.error(), {}));
  auto principal = principal_of(*credential, request);
  if (principal) return std::move(*principal);
  return std::unexpected(deny(principal.error(), {}));
}

std::expected<Principal, Refusal> AccessGuard::answer(const Question& question,
                                                      const Request& request,
                                                      const Credential& credential) {
  if (question.about_channel() && !is_name(question.channel)) {
    return std::unexpected(Refusal::NoSuchChannel);
  }
  auto principal = principal_of(credential, request);
  if (!principal) return principal;
  // Under /license/ a play says who asks (identify()); it opens no route there by itself.
  const bool opens = question.who == Who::Viewer && !request.path.starts_with("/license/");
  if (credential.kind == Credential::Kind::Play && !opens) {
    return std::unexpected(Refusal::WrongPlay);
  }
  const auto permitted = permit(question, *principal);
  if (permitted) return principal;
  const bool may_come_later = credential.kind == Credential::Kind::None &&
                              question.late_token == net::LateToken::Allowed &&
                              permitted.error() == Refusal::NoCredential;
  if (may_come_later) return Principal{};
  return std::unexpected(permitted.error());
}

std::expected<Principal, Refusal> AccessGuard::principal_of(const Credential& credential,
                                                            const Request& request) {
  const bool far = !request.peer.loopback;
  switch (credential.kind) {
    case Credential::Kind::None:
      return principal_of_session(request);
    case Credential::Kind::Bearer: {
      auto token = verifier_.verify(credential.text);
      if (!token) return std::unexpected(token.error());
      if (token->weak_key && far) return std::unexpected(Refusal::WeakSecret);
      return Principal{std::move(token->subject), std::move(token->scopes), token->expires, {}};
    }
    case Credential::Kind::Ticket:
      if (weak_secret_ && far) return std::unexpected(Refusal::WeakSecret);
      return tickets_.redeem(credential.text);
    case Credential::Kind::Play:
      if (EdgeLinks::is_one(credential.text)) return principal_of_edge(credential.text, request);
      if (weak_secret_ && far) return std::unexpected(Refusal::WeakSecret);
      return principal_of_play(credential.text, request);
  }
  return std::unexpected(Refusal::NoCredential);
}

// Segments, parts and init segments of one channel; what leads to them is asked for with a play.
std::expected<Principal, Refusal> AccessGuard::principal_of_edge(std::string_view token,
                                                                 const Request& request) const {
  const std::string channel(request.arg("channel"));
  const bool is_media = request.path.ends_with(".m4s") || request.path.ends_with(".mp4");
  if (!is_media || !request.path.starts_with("/live/")) return std::unexpected(Refusal::WrongPlay);
  if (!edges_.any()) return std::unexpected(Refusal::BadPlay);
  const auto good = edges_.check(token, channel, clock_->utc());
  if (!good) return std::unexpected(good.error());
  Principal principal;
  principal.scopes.push_back("view:" + channel);
  return principal;
}

std::expected<void, Refusal> AccessGuard::has_ticket(const PlayClaims& play) const {
  if (!play.ticket) return {};
  switch (desk_ == nullptr ? GoesOn::TicketVoid : desk_->may_go_on(play)) {
    case GoesOn::Yes:
      return {};
    case GoesOn::TicketVoid:
      return std::unexpected(Refusal::TicketVoid);
    case GoesOn::Over:
      break;
  }
  return std::unexpected(Refusal::PerformanceOver);
}

std::expected<void, Refusal> AccessGuard::still_running(const Principal& principal) const {
  if (principal.play.empty()) return {};
  if (!plays_.running(principal.play)) return std::unexpected(Refusal::PlayRevoked);
  const auto play = plays_.find(principal.play);
  if (!play) return {};
  return has_ticket(*play);
}

std::expected<Principal, Refusal> AccessGuard::principal_of_play(std::string_view token,
                                                                 const Request& request) {
  const auto claims = plays_.verify(token);
  if (!claims) return std::unexpected(claims.error());
  // A license is asked about with the play that it is for; licenses/ asks about its channel.
  const bool own_channel = request.path.starts_with(fmt::format("/live/{}/", claims->channel));
  if (!own_channel && !request.path.starts_with("/license/")) {
    return std::unexpected(Refusal::WrongPlay);
  }
  if (auto right = has_ticket(*claims); !right) return std::unexpected(right.error());
  plays_.seen(*claims);
  Principal principal;
  principal.play = base64url(claims->id);
  principal.expires = claims->expires;
  // A play of nobody lasts as long as its channel is public: the gatekeeper asks each time.
  if (!claims->anonymous) principal.scopes.push_back("view:" + claims->channel);
  return principal;
}

// A browser sends its cookie with everything, so it counts only where pages of ours ask, and a write
// must prove that it comes from one of them.
std::expected<Principal, Refusal> AccessGuard::principal_of_session(const Request& request) const {
  if (sessions_ == nullptr || !request.path.starts_with("/api/")) return Principal{};
  const auto token = session_cookie_of(request);
  if (!token) return Principal{};
  auto session = sessions_->find(*token);
  if (!session) return Principal{};
  if (weak_secret_ && !request.peer.loopback) return std::unexpected(Refusal::WeakSecret);
  const bool reads = request.method == net::Method::Get || request.method == net::Method::Head;
  if (!reads) {
    const auto word = request.headers.find(kCsrfHeader);
    if (!word || !equal_secrets(as_bytes(*word), as_bytes(sessions_->csrf_of(*token)))) {
      return std::unexpected(Refusal::NoCsrfToken);
    }
  }
  return Principal{std::move(session->name), std::move(session->scopes), session->expires, {}};
}

std::expected<void, Refusal> AccessGuard::permit(const Question& question,
                                                 const Principal& principal) const {
  const bool nobody = principal.subject.empty() && principal.play.empty();
  const Refusal no = nobody ? Refusal::NoCredential : Refusal::NotAllowed;
  bool allowed = false;
  switch (question.who) {
    case Who::Anyone:
      allowed = true;
      break;
    case Who::Bearer:
      allowed = !principal.subject.empty();
      break;
    case Who::Viewer:
      return gatekeeper_.may(principal, Action::View, question.channel);
    case Who::Publisher:
      return gatekeeper_.may(principal, Action::Publish, question.channel);
    case Who::Control:
      allowed = principal.has("control") || principal.has("admin");
      break;
    case Who::Admin:
      allowed = principal.has("admin");
      break;
  }
  if (!allowed) return std::unexpected(no);
  return {};
}

}  // namespace butai::access
