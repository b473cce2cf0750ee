// The commands of `butai`, one function each; command_line.cc reads their options.
// Each returns the exit status: 0, 1 (failed, one sentence on standard error), 2 (usage).
// Thread: the main thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace butai::app {

// Options that every command which needs the installation shares.
struct Place {
  std::string config;  // --config; empty: config/butai.toml if it is there
  std::string data;    // --data; empty: ./data
};

struct ServeOptions {
  Place place;
  std::string listen;
  std::string worker;
  bool print_ports = false;
};
int serve(const ServeOptions& options);

struct DemoOptions {
  ServeOptions serve;
  bool lan = false;
};
int demo(const DemoOptions& options);

struct MintOptions {
  Place place;
  std::string subject;
  std::string scope;
  std::int64_t ttl_seconds = 3600;
};
int token_mint(const MintOptions& options);
int token_inspect(const Place& place, const std::string& token);

struct UserOptions {
  Place place;
  std::string name;
  std::string role = "viewer";
  std::string scope;
  std::string password_file;  // empty: standard input
};
int user_add(const UserOptions& options);

struct SaleOptions {
  Place place;
  std::string
      action;  // list show state | list show refund | export erase forget-factor | migrate backup restore
  std::string name;  // an event's slug, an order's id, an account, a file
  std::string to;    // event state: announced, on_sale, …
  std::string key;   // event verify-record: the public key that must have signed
};
int event(const SaleOptions& options);
int order(const SaleOptions& options);
int person(const SaleOptions& options);
int database(const SaleOptions& options);
int panic(const SaleOptions& options);
int verify_record(const SaleOptions& options);

struct ChannelOptions {
  Place place;
  std::string server;  // http(s)://…; empty: this configuration's own
  std::string ca, pin;
  std::string action;  // list show kick key-frame end url key
  std::string name;
  std::string input = "a";
  std::string revoke;  // key: the id of the one to revoke
  bool list_keys = false;
  bool json = false;
};
int channel(const ChannelOptions& options);

struct KeysOptions {
  Place place;
  std::string next_master_file;  // of rewrap
  std::string channel, out;      // of export-cpix
};
int keys_list(const KeysOptions& options);
int keys_rewrap(const KeysOptions& options);
int keys_export(const KeysOptions& options);

int doctor(const Place& place);
struct MatrixOptions {
  Place place;
  std::string url;  // of a watch page, with its token behind #
  std::string ca, pin;
  std::uint32_t seconds = 0;  // 0: until SIGINT
};
int device_matrix(const MatrixOptions& options);

int run(int argc, char** argv);  // reads the command line and calls one of the above

}  // namespace butai::app
