// Doctor's questions about mail: whether the world believes letters of our domain. What the DNS says is judged
// by pure functions; where nobody answers, that is said and nothing is guessed.
// Thread: the main thread; asking blocks for seconds.
// Spec:   RFC 7208 (SPF), RFC 6376 (DKIM), RFC 7489 (DMARC), RFC 5321 section 5 (MX).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/doctor_report.h"

namespace butai::app {

// Records of a name; empty: the DNS says that there are none. Nothing: nobody could be asked.
using Records = std::optional<std::vector<std::string>>;

struct Judgement {
  Verdict verdict = Verdict::Mind;
  std::string words;
};
Judgement judge_mx(const Records& mx);
Judgement judge_spf(const Records& txt);
Judgement judge_dkim(const Records& txt, std::string_view selector);
Judgement judge_dmarc(const Records& txt);

void check_mail(DoctorReport& report, const Config& config, const std::string& data);

}  // namespace butai::app
