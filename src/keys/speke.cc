#include "keys/speke.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "drm/cpix_keys.h"
#include "drm/text.h"
#include "keys/built_in.h"
#include "keys/speke_document.h"
#include "store/files.h"

namespace butai::keys {
namespace {

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

constexpr std::size_t kPemMax = 64 * 1024;  // bytes of a certificate or key file

void free_bio(BIO* bio) { BIO_free(bio); }

Expected<Owned<BIO>> open_pem(const std::string& path) {
  auto text = store::read_file(path, kPemMax);
  if (!text) return std::unexpected(text.error());
  Owned<BIO> bio(BIO_new(BIO_s_mem()), free_bio);
  BIO_write(bio.get(), text->data(), static_cast<int>(text->size()));
  return bio;
}

// base64 of the certificate's DER.
Expected<std::string> read_certificate(const std::string& path) {
  auto bio = open_pem(path);
  if (!bio) return std::unexpected(bio.error());
  const Owned<X509> certificate(PEM_read_bio_X509(bio->get(), nullptr, nullptr, nullptr),
                                X509_free);
  if (!certificate) return problem(fmt::format("{} has no certificate in PEM", path));
  std::vector<std::uint8_t> der(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
  std::uint8_t* to = der.data();
  i2d_X509(certificate.get(), &to);
  return drm::to_base64(der);
}

}  // namespace

SpekeKeys::SpekeKeys(SpekeSettings settings, Vault& vault, net::Outgoing& outgoing, Random& random)
    : settings_(std::move(settings)), vault_(vault), outgoing_(outgoing), random_(random) {}

Expected<std::unique_ptr<SpekeKeys>> SpekeKeys::make(SpekeSettings settings, Vault& vault,
                                                     net::Outgoing& outgoing, Random& random) {
  if (auto allowed = net::check_outgoing_url(settings.url); !allowed) {
    return problem("[drm.speke] url: " + allowed.error().sentence);
  }
  std::unique_ptr<SpekeKeys> keys(new SpekeKeys(std::move(settings), vault, outgoing, random));
  const SpekeSettings& made = keys->settings_;
  if (made.certificate.empty() != made.private_key.empty()) {
    return problem("[drm.speke] certificate and private_key go together");
  }
  if (made.certificate.empty()) return keys;
  auto certificate = read_certificate(made.certificate);
  if (!certificate) return std::unexpected(certificate.error());
  keys->certificate_ = std::move(*certificate);
  auto bio = open_pem(made.private_key);
  if (!bio) return std::unexpected(bio.error());
  keys->private_key_.reset(PEM_read_bio_PrivateKey(bio->get(), nullptr, nullptr, nullptr));
  if (!keys->private_key_) {
    return problem(fmt::format("{} has no private key in PEM", made.private_key));
  }
  return keys;
}

void SpekeKeys::fetch(const drm::KeyRequest& request, Executor& home, Done done) {
  std::uint64_t index = 0;
  {
    const std::lock_guard lock(mutex_);
    if (const auto node = reserved_.extract(request.channel)) index = node.mapped();
  }
  if (index != 0) return ask(request, index, home, std::move(done));
  vault_.begin(
      request.channel, request.scheme, home,
      [this, request, &home, done = std::move(done)](Expected<std::uint64_t> next) mutable {
        if (!next) return done(std::unexpected(next.error()));
        ask(request, *next, home, std::move(done));
      });
}

void SpekeKeys::ask(const drm::KeyRequest& request, std::uint64_t index, Executor& home,
                    Done done) {
  drm::KeyPeriod period{request.channel, index, request.scheme, make_keys(random_)};
  drm::Cpix cpix =
      speke_request(period, settings_.content_id.empty() ? request.channel : settings_.content_id,
                    settings_.systems);
  if (!certificate_.empty()) cpix.delivery = drm::CpixDelivery{certificate_, {}, {}};
  net::OutgoingRequest post;
  post.auth = settings_.auth;
  post.url = settings_.url;
  post.user = settings_.user;
  post.password = settings_.password;
  post.ca_file = settings_.ca_file;
  post.body = write_cpix(cpix);
  post.headers = {"Content-Type: application/xml", "X-Speke-Version: 2.0"};
  if (!settings_.header.empty()) post.headers.push_back(settings_.header);
  outgoing_.send(std::move(post), home,
                 [this, period = std::move(period), &home,
                  done = std::move(done)](Expected<net::OutgoingAnswer> answer) mutable {
                   auto read = this->read(period, std::move(answer));
                   if (!read) {
                     reserve(period.channel, period.index);
                     return done(std::unexpected(read.error()));
                   }
                   vault_.keep(*read, Maker::Service, home,
                               [kept = *read, done = std::move(done)](Expected<void> ok) mutable {
                                 if (!ok) return done(std::unexpected(ok.error()));
                                 done(std::move(kept));
                               });
                 });
}

Expected<drm::KeyPeriodPtr> SpekeKeys::read(const drm::KeyPeriod& asked,
                                            Expected<net::OutgoingAnswer> answer) const {
  constexpr std::size_t kReasonMax = 200;  // bytes of the service's words
  if (!answer) return problem("the key service does not answer: " + answer.error().sentence);
  if (answer->status != 200) {
    std::string reason = answer->body.substr(0, kReasonMax);
    std::ranges::replace_if(reason, [](unsigned char c) { return c < ' '; }, ' ');
    return problem(fmt::format("the key service answered {}: {}", answer->status, reason));
  }
  auto cpix = drm::parse_cpix(answer->body);
  if (!cpix) return std::unexpected(cpix.error());
  const bool encrypted = std::ranges::any_of(
      cpix->keys, [](const drm::CpixKey& key) { return !key.cipher_value.empty(); });
  if (encrypted) {
    if (!private_key_) {
      return problem("the keys came encrypted, but there is no [drm.speke] private_key");
    }
    if (auto opened = drm::open_keys(*cpix, private_key_.get()); !opened) {
      return std::unexpected(opened.error());
    }
  }
  auto period = read_answer(asked, *cpix);
  if (!period) return std::unexpected(period.error());
  return std::make_shared<const drm::KeyPeriod>(std::move(*period));
}

void SpekeKeys::reserve(const std::string& channel, std::uint64_t index) {
  const std::lock_guard lock(mutex_);
  reserved_[channel] = index;
}

}  // namespace butai::keys
