// A letter as bytes: header and a text body, in UTF-8. Pure.
// Thread: any. Limits: kLineBytesMax, kSubjectBytesMax.
// Spec:   RFC 5322; RFC 2047 (encoded words), RFC 2045 section 6.7 (quoted-printable), RFC 6532 (addresses),
//         RFC 3834 (Auto-Submitted).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "mail/address.h"

namespace butai::mail {

struct Message {
  Sender from;
  Address to;
  std::string subject;   // one line; controls become spaces
  std::string body;      // lines end in \n
  std::string language;  // ja, en
  std::string id;        // left of the @ of Message-ID: letters, digits, dots
  Utc date;
};
// Lines end in CRLF. What is given becomes text; none of it can become a header line.
std::string write_message(const Message& message);

// The parts, for tests and fuzzing.
std::string encoded_words(std::string_view text);     // of a header, folded; plain ASCII stays
std::string quoted_printable(std::string_view text);  // \n -> CRLF
std::optional<std::string> from_quoted_printable(std::string_view text);

}  // namespace butai::mail
