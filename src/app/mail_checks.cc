#include "app/mail_checks.h"

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <resolv.h>

#include <algorithm>
#include <array>

#include "mail/address.h"
#include "mail/dns_answer.h"

namespace butai::app {
namespace {

constexpr std::string_view kNobody = "could not ask: no name server answers here";

Records ask(const std::string& name, int type) {
  std::array<unsigned char, 16 * 1024> answer{};
  const int size = res_query(name.c_str(), ns_c_in, type, answer.data(), answer.size());
  if (size < 0) {
    const bool none = h_errno == HOST_NOT_FOUND || h_errno == NO_DATA;
    return none ? Records(std::in_place) : std::nullopt;
  }
  const auto whole = std::min(static_cast<std::size_t>(size), answer.size());
  return mail::records_in(ByteView(answer).first(whole), type);
}

std::vector<std::string> beginning_with(const Records& records, std::string_view start) {
  std::vector<std::string> found;
  std::ranges::copy_if(*records, std::back_inserter(found),
                       [start](const std::string& text) { return text.starts_with(start); });
  return found;
}

}  // namespace

Judgement judge_mx(const Records& mx) {
  if (!mx) return {Verdict::Mind, std::string(kNobody)};
  if (mx->empty()) {
    return {Verdict::Mind, "no MX: bounces and answers to our letters go nowhere"};
  }
  return {Verdict::Good, fmt::format("{} mail servers take what comes back", mx->size())};
}

Judgement judge_spf(const Records& txt) {
  if (!txt) return {Verdict::Mind, std::string(kNobody)};
  const auto found = beginning_with(txt, "v=spf1");
  if (found.empty()) {
    return {Verdict::Bad,
            "none: carriers drop such letters; publish TXT \"v=spf1 include:… -all\""};
  }
  if (found.size() > 1) return {Verdict::Bad, "two of them: that counts as none; join them"};
  if (found.front().ends_with("+all")) {
    return {Verdict::Bad, "it lets everybody send in our name (+all)"};
  }
  return {Verdict::Good, found.front()};
}

Judgement judge_dkim(const Records& txt, std::string_view selector) {
  if (selector.empty()) return {Verdict::Mind, "set [mail] dkim_selector to have it looked at"};
  if (!txt) return {Verdict::Mind, std::string(kNobody)};
  const bool key = std::ranges::any_of(*txt, [](const std::string& text) {
    const auto at = text.find("p=");
    return at != text.npos && at + 2 < text.size() && text[at + 2] != ';';
  });
  if (!key) return {Verdict::Bad, fmt::format("no key at {}._domainkey", selector)};
  return {Verdict::Good, fmt::format("a key at {}._domainkey", selector)};
}

Judgement judge_dmarc(const Records& txt) {
  if (!txt) return {Verdict::Mind, std::string(kNobody)};
  const auto found = beginning_with(txt, "v=DMARC1");
  if (found.size() != 1) {
    return {Verdict::Mind,
            "none: large providers want one; publish TXT \"v=DMARC1; p=none\" at _dmarc"};
  }
  return {Verdict::Good, found.front()};
}

void check_mail(DoctorReport& report, const Config& config, const std::string& data) {
  if (config.mail.smtp.empty()) {
    const std::string folder =
        config.mail.directory.empty() ? data + "/mail" : config.mail.directory;
    return report.line(Verdict::Mind, "mail",
                       fmt::format("letters become files in {}; set [mail] smtp", folder));
  }
  const auto from = mail::parse_sender(config.mail.from);
  if (!from) return report.line(Verdict::Bad, "mail", "[mail] from is not an address");
  report.line(Verdict::Good, "mail", "by the server of [mail] smtp, from " + from->address.text());
  const std::string& domain = from->address.domain;
  const std::string& selector = config.mail.dkim_selector;
  const auto tell = [&report](std::string_view what, const Judgement& judgement) {
    report.line(judgement.verdict, what, judgement.words);
  };
  tell("mail MX", judge_mx(ask(domain, ns_t_mx)));
  tell("mail SPF", judge_spf(ask(domain, ns_t_txt)));
  tell("mail DKIM",
       judge_dkim(selector.empty() ? Records() : ask(selector + "._domainkey." + domain, ns_t_txt),
                  selector));
  tell("mail DMARC", judge_dmarc(ask("_dmarc." + domain, ns_t_txt)));
}

}  // namespace butai::app
