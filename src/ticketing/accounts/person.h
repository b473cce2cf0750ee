// What is kept of a person, for what and how long; and the two things a person may ask for.
//   e-mail address, name, language   to sign in and to be written to    until the account is erased
//   password (Argon2id)              to sign in                         likewise
//   sign-ins with others, and the    likewise                           likewise
//   second factor (encrypted)
//   letters: address and kind        to send each once                  the address likewise
//   orders, payments, ledger         what the tax office wants          ten years, without the person
//   tickets, trials of playback      to watch, to help                  until the account is erased
//   seconds missed per performance   to give money back                 until the account is erased
// Thread: the database's, inside one transaction.
#pragma once

#include <string>

#include "ticketing/fault.h"
#include "ticketing/work.h"

namespace butai::ticketing {

// All of it as JSON.
Outcome<std::string> export_person(Work& work, std::string_view name_or_email);
// The person goes; orders and ledger stay, and say an account's id that nobody is behind.
Outcome<void> erase_person(Work& work, std::string_view name_or_email);

}  // namespace butai::ticketing
