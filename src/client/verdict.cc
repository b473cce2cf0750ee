#include "client/verdict.h"

#include <fmt/format.h>

namespace butai::client {
namespace {

std::string with_reason(std::string_view sentence, std::string_view reason) {
  return reason.empty() ? std::string(sentence) : fmt::format("{} ({})", sentence, reason);
}

std::string mint_line(Part part, std::string_view channel) {
  return fmt::format("make a token with: butai token mint --sub NAME --scope \"{}:{}\" --ttl 86400",
                     part == Part::Publisher ? "publish" : "view", channel);
}

// Our servers name the line that makes a good token; others do not.
std::string with_remedy(std::string sentence, Part part, std::string_view channel) {
  if (sentence.find("butai token mint") == std::string::npos) {
    sentence += "; " + mint_line(part, channel);
  }
  return sentence + "; give it with --token or BUTAI_TOKEN";
}

Verdict no_token(Part part, std::string_view channel, std::string_view said) {
  return {Next::GiveUp,
          with_remedy(with_reason("the server does not accept the token", said), part, channel)};
}

Verdict not_allowed(Part part, std::string_view channel, std::string_view said) {
  const auto sentence = fmt::format("this token does not allow to {} {}",
                                    part == Part::Publisher ? "publish to" : "watch", channel);
  return {Next::GiveUp, with_remedy(with_reason(sentence, said), part, channel)};
}

Verdict no_channel(std::string_view channel, std::string_view said) {
  return {Next::GiveUp,
          with_reason(fmt::format("the server has no channel {} here; look at the URL and at "
                                  "\"butai channel list\"",
                                  channel),
                      said)};
}

Verdict taken(std::string_view channel, std::string_view said) {
  return {Next::GiveUp,
          with_reason(fmt::format("another publisher sends to {}; use the other input (&input=b), "
                                  "or have it taken off with \"butai channel kick {}\"",
                                  channel, channel),
                      said)};
}

}  // namespace

Verdict judge_refusal(Part part, std::string_view channel, int status, std::string_view said) {
  // "the server answered 401: why" tells the status twice.
  if (const std::size_t why = said.find(fmt::format("{}: ", status));
      why != std::string_view::npos) {
    said.remove_prefix(why + 5);
  } else if (said.ends_with(fmt::format(" {}", status))) {
    said = {};
  }
  switch (status) {
    case 0:
      // The line may mend itself; a certificate that is not trusted, or a wrong --pin, does not.
      if (said.find("certificate") != std::string_view::npos || said.starts_with("the pin ")) {
        return {Next::GiveUp, std::string(said)};
      }
      return {Next::Retry, with_reason("the server cannot be reached", said)};
    case 401:
      return no_token(part, channel, said);
    case 403:
      return not_allowed(part, channel, said);
    case 404:
      return no_channel(channel, said);
    case 409:
      return taken(channel, said);
    case 408:
    case 425:
    case 429:
      return {Next::Retry, with_reason(fmt::format("the server is busy: {}", status), said)};
    default:
      break;
  }
  if (status >= 500) {
    return {Next::Retry, with_reason(fmt::format("the server answers {}", status), said)};
  }
  return {Next::GiveUp,
          with_reason(fmt::format("the server answers {}: look at the URL", status), said)};
}

Verdict judge_close(Part part, std::string_view channel, std::uint16_t code,
                    std::string_view reason) {
  switch (code) {
    case 1009:
      return {Next::GiveUp,
              with_reason("the messages are larger than the server takes; use a smaller --size or "
                          "--bitrate",
                          reason)};
    case 4400:
      return {Next::GiveUp, with_reason("the server does not understand what was sent", reason)};
    case 4401:
      return no_token(part, channel, reason);
    case 4403:
      return not_allowed(part, channel, reason);
    case 4404:
      return no_channel(channel, reason);
    case 4409:
      return part == Part::Publisher
                 ? Verdict{Next::GiveUp,
                           with_reason(fmt::format("a newer publisher took {} over; this one stops",
                                                   channel),
                                       reason)}
                 : Verdict{Next::GiveUp, with_reason("watched elsewhere with this token", reason)};
    case 4410:
      return {Next::Ended, with_reason(fmt::format("{} has ended", channel), reason)};
    case 1013:
      return {Next::Retry, with_reason("the server is full", reason)};
    case 1001:
      return {Next::Retry, with_reason("the server is moving or stopping", reason)};
    case 4008:
      return {Next::Retry, with_reason("the line is too slow", reason)};
    default:
      return {Next::Retry, with_reason(fmt::format("the connection is gone: {}", code), reason)};
  }
}

}  // namespace butai::client
