// Who takes a finished letter: a mail server, or a folder of files.
// Thread: the post office's; carry() blocks.
// Limits: kConversation.
// Spec:   RFC 5321; SMTPUTF8 RFC 6531 where the address needs it and the server offers it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/problem.h"
#include "mail/address.h"

namespace butai::mail {

struct Parcel {
  std::string name;  // of a file; the same for the same letter
  Address from, to;
  std::string message;  // RFC 5322, lines end in CRLF
};

struct Delivery {
  enum class Fate : std::uint8_t {
    Taken,    // by the next server, or written
    Refused,  // for good: this address takes no such letter
    Later,    // it was not taken, and may be tried again
    Unknown,  // it may have been taken: not tried again
  } fate = Fate::Later;
  std::string why = {};  // the server's words
};

class Carrier {
 public:
  virtual ~Carrier() = default;
  virtual Delivery carry(const Parcel& parcel) = 0;
};

struct SmtpSettings {
  std::string url;      // smtp://user:password@host:587, smtps://host
  std::string ca_file;  // PEM; empty: the system's authorities
};
// Whether it is an address of a mail server at all.
Expected<void> check_smtp(const std::string& url);
std::unique_ptr<Carrier> smtp_carrier(SmtpSettings settings);
// One file NAME.eml each, written whole.
Expected<std::unique_ptr<Carrier>> folder_carrier(const std::string& folder);

}  // namespace butai::mail
