// The key provider that asks a DRM service (SPEKE 2.0), and keeps its keys in the vault.
// A failed attempt is a sentence to KeySchedule, which tries again later; an index that was reserved
// for it is used by the next attempt, so that periods stay without holes.
// Flow:   drm::KeySchedule -> here -> net::Outgoing -> service -> Vault
// Thread: fetch() from any loop, answers are posted to it. The mutex is held for one map operation.
// Limits: drm/limits.h (documents), net/outgoing.h (time, connections).
// Spec:   AWS SPEKE API 2.0: POST, Content-Type application/xml, X-Speke-Version 2.0.
#pragma once

#include <openssl/evp.h>

#include <map>
#include <memory>
#include <mutex>  // channels on different loops fail at the same time
#include <string>
#include <vector>

#include "drm/key_provider.h"
#include "drm/signalling.h"
#include "keys/vault.h"
#include "net/outgoing.h"

namespace butai::keys {

struct SpekeSettings {
  std::string url;
  net::OutgoingRequest::Auth auth = net::OutgoingRequest::Auth::None;
  std::string user, password;
  std::string header;                    // "Name: value" that the service wants; may be empty
  std::string ca_file;                   // PEM; empty: the system's authorities
  std::string certificate, private_key;  // PEM files: keys come encrypted for them; empty: in clear
  std::string content_id;                // empty: the channel's name
  std::vector<drm::RealSystem> systems;
};

class SpekeKeys final : public drm::KeyProvider {
 public:
  static Expected<std::unique_ptr<SpekeKeys>> make(SpekeSettings settings, Vault& vault,
                                                   net::Outgoing& outgoing, Random& random);
  void fetch(const drm::KeyRequest& request, Executor& home, Done done) override;

 private:
  struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  };
  SpekeKeys(SpekeSettings settings, Vault& vault, net::Outgoing& outgoing, Random& random);

  void ask(const drm::KeyRequest& request, std::uint64_t index, Executor& home, Done done);
  Expected<drm::KeyPeriodPtr> read(const drm::KeyPeriod& asked,
                                   Expected<net::OutgoingAnswer> answer) const;
  void reserve(const std::string& channel, std::uint64_t index);

  SpekeSettings settings_;
  Vault& vault_;
  net::Outgoing& outgoing_;
  Random& random_;
  std::string certificate_;  // base64 of DER
  std::unique_ptr<EVP_PKEY, FreeKey> private_key_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> reserved_;  // indexes of failed attempts, by channel
};

}  // namespace butai::keys
