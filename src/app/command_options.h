// Options that several commands share.
// Thread: the main thread.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace butai::app {

inline void add_trust(CLI::App& command, std::string& pin, std::string& ca) {
  command.add_option("--pin", pin, "SHA-256 of the server's certificate, as butai serve prints it")
      ->type_name("SHA256");
  command.add_option("--ca", ca, "CA of the server's certificate, PEM")->type_name("FILE");
}

// One of a few words; the library's own transformer would print the values behind them as well.
template <class Value>
CLI::Option* add_choice(CLI::App& command, const char* name, Value& target, const char* what,
                        std::map<std::string, Value> choices) {
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) words.push_back(word);
  return command
      .add_option_function<std::string>(
          name, [&target, choices](const std::string& word) { target = choices.at(word); }, what)
      ->check(CLI::IsMember(words));
}

}  // namespace butai::app
