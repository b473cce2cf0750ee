// Letters to a mail server, through libcurl. The connection is kept from letter to letter.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "mail/carrier.h"
#include "mail/limits.h"
#include "net/curl_url.h"
#include "net/text.h"

namespace butai::mail {
namespace {

struct Conversation {
  std::string_view message;
  std::size_t given = 0;
  std::string said;  // the server's last line that said no
};

std::size_t give_bytes(char* to, std::size_t, std::size_t count, void* from) {
  auto& talk = *static_cast<Conversation*>(from);
  const std::size_t size = std::min(count, talk.message.size() - talk.given);
  std::memcpy(to, talk.message.data() + talk.given, size);
  talk.given += size;
  return size;
}

std::size_t hear_line(char* from, std::size_t, std::size_t count, void* to) {
  if (count == 0 || (*from != '4' && *from != '5')) return count;
  auto& said = static_cast<Conversation*>(to)->said;
  said.assign(from, std::min(count, kReasonBytesMax));
  while (!said.empty() && static_cast<unsigned char>(said.back()) <= ' ') said.pop_back();
  std::ranges::replace_if(said, [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
  return count;
}

class Smtp final : public Carrier {
 public:
  explicit Smtp(SmtpSettings settings) : settings_(std::move(settings)) {}

  Delivery carry(const Parcel& parcel) override {
    if (!curl_) return {Delivery::Fate::Later, "out of memory"};
    Conversation talk{parcel.message, 0, {}};
    const net::CurlOwned<curl_slist> to(
        curl_slist_append(nullptr, fmt::format("<{}>", parcel.to.text()).c_str()),
        curl_slist_free_all);
    std::array<char, CURL_ERROR_SIZE> words{};
    configure(parcel, talk, to.get(), words.data());
    const CURLcode result = curl_easy_perform(curl_.get());
    long code = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &code);
    curl_easy_setopt(curl_.get(), CURLOPT_ERRORBUFFER, nullptr);
    return fate_of(result, code, talk, words.data());
  }

 private:
  void configure(const Parcel& parcel, Conversation& talk, curl_slist* to, char* words) {
    CURL* curl = curl_.get();
    curl_easy_setopt(curl, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(encryption()));
    if (!settings_.ca_file.empty()) {
      curl_easy_setopt(curl, CURLOPT_CAINFO, settings_.ca_file.c_str());
    }
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, fmt::format("<{}>", parcel.from.text()).c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, &give_bytes);
    curl_easy_setopt(curl, CURLOPT_READDATA, &talk);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &hear_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &talk);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(kConversation.count()));
  }

  // To another machine a password goes under TLS only, and TLS is used wherever it is offered. Who names an
  // authority means TLS, on this machine too.
  long encryption() const {
    const net::CurlOwned<CURLU> url(curl_url(), curl_url_cleanup);
    curl_url_set(url.get(), CURLUPART_URL, settings_.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
    const bool password = !net::url_part(url.get(), CURLUPART_PASSWORD).empty();
    if (net::is_loopback(net::url_part(url.get(), CURLUPART_HOST))) {
      return settings_.ca_file.empty() ? CURLUSESSL_NONE : CURLUSESSL_ALL;
    }
    return password || !settings_.ca_file.empty() ? CURLUSESSL_ALL : CURLUSESSL_TRY;
  }

  static Delivery fate_of(CURLcode result, long code, const Conversation& talk,
                          std::string_view words) {
    using Fate = Delivery::Fate;
    if (result == CURLE_OK) return {Fate::Taken, {}};
    const std::string why = talk.said.empty() ? curl_easy_strerror(result) : talk.said;
    const bool whole = talk.given == talk.message.size();
    // What was refused: the recipient, or the whole letter; not our own name or password.
    const bool recipient = words.starts_with("RCPT failed") || words.starts_with("DATA failed");
    const bool content = result == CURLE_WEIRD_SERVER_REPLY && whole;
    if (code >= 500 && code < 600 && (recipient || content)) return {Fate::Refused, why};
    const bool no_word = result == CURLE_RECV_ERROR || result == CURLE_OPERATION_TIMEDOUT ||
                         result == CURLE_GOT_NOTHING;
    if (whole && no_word) return {Fate::Unknown, why};
    return {Fate::Later, why};
  }

  SmtpSettings settings_;
  net::CurlOwned<CURL> curl_{curl_easy_init(), curl_easy_cleanup};
};

}  // namespace

Expected<void> check_smtp(const std::string& text) {
  const net::CurlOwned<CURLU> url(curl_url(), curl_url_cleanup);
  const bool read = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(),
                                        CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
  const std::string scheme = read ? net::url_part(url.get(), CURLUPART_SCHEME) : "";
  if (scheme != "smtp" && scheme != "smtps") {
    return problem("it must be smtp://user:password@host:587 or smtps://host");
  }
  return {};
}

std::unique_ptr<Carrier> smtp_carrier(SmtpSettings settings) {
  return std::make_unique<Smtp>(std::move(settings));
}

}  // namespace butai::mail
