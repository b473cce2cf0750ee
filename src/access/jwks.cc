#include "access/jwks.h"

#include <fmt/format.h>

#include "access/refresher.h"
#include "base/log.h"
#include "net/curl_url.h"
#include "store/files.h"

namespace butai::access {
namespace {

bool is_url(std::string_view source) {
  return source.find("://") != source.npos && !source.starts_with("file://");
}

std::string file_of(const std::string& source) {
  return source.starts_with("file://") ? source.substr(7) : source;
}

struct Download {
  std::string body;
  const std::atomic<bool>& stop;
  bool too_large = false;
};

std::size_t take_bytes(char* from, std::size_t, std::size_t count, void* to) {
  auto& download = *static_cast<Download*>(to);
  if (download.body.size() + count > kJwksBytesMax) {
    download.too_large = true;
    return 0;  // ends the transfer
  }
  download.body.append(from, count);
  return count;
}

int look_at_stop(void* from, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Download*>(from)->stop.load() ? 1 : 0;
}

void configure(CURL* curl, const std::string& source, Download& download) {
  curl_easy_setopt(curl, CURLOPT_URL, source.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");  // http was checked to be loopback
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(Millis(kJwksTimeout).count()));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &download);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, &look_at_stop);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &download);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

Expected<std::string> download_jwks(const std::string& source, const std::atomic<bool>& stop) {
  const net::CurlOwned<CURL> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return problem("out of memory");
  Download download{{}, stop, false};
  configure(curl.get(), source, download);
  const CURLcode result = curl_easy_perform(curl.get());
  if (download.too_large) return problem("the document is larger than 256 KiB");
  if (result != CURLE_OK) return problem(curl_easy_strerror(result));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return problem(fmt::format("the answer was {} instead of 200", status));
  return std::move(download.body);
}

}  // namespace

Expected<void> check_jwks_source(const std::string& source) {
  if (!is_url(source)) return {};
  const net::CurlOwned<CURLU> url(curl_url(), curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, source.c_str(), 0) != CURLUE_OK) {
    return problem(fmt::format("[auth] jwks_url: {} is not an address.", source));
  }
  const std::string scheme = net::url_part(url.get(), CURLUPART_SCHEME);
  if (scheme == "https") return {};
  if (scheme == "http" && net::is_loopback(net::url_part(url.get(), CURLUPART_HOST))) return {};
  return problem(fmt::format(
      "[auth] jwks_url: {} must start with https:// (http:// is for this machine only), or be the "
      "path of a file.",
      source));
}

Expected<std::string> read_jwks(const std::string& source, const std::atomic<bool>& stop) {
  if (const auto allowed = check_jwks_source(source); !allowed) {
    return std::unexpected(allowed.error());
  }
  if (is_url(source)) return download_jwks(source, stop);
  return store::read_file(file_of(source), kJwksBytesMax);
}

struct Jwks::Impl {
  Impl(std::string from, KeyRing& keys, const Clock& clock, Metrics& metrics)
      : source(std::move(from)),
        ring(keys),
        good(metrics.counter("butai_jwks_fetches_total", "Fetches of foreign keys, by result.",
                             {{"result", "good"}})),
        bad(metrics.counter("butai_jwks_fetches_total", "Fetches of foreign keys, by result.",
                            {{"result", "failed"}})),
        refresher(clock, {.fetch = [this](const std::atomic<bool>& stop) {
                    const auto count = fetch(stop);
                    note(count, stop);
                    return count.has_value();
                  }}) {}

  const std::string source;
  KeyRing& ring;
  prometheus::Counter& good;
  prometheus::Counter& bad;
  Refresher refresher;

  Expected<std::size_t> fetch(const std::atomic<bool>& stop) {
    const auto document = read_jwks(source, stop);
    if (!document) return std::unexpected(document.error());
    auto keys = parse_jwks(*document);
    if (!keys) return std::unexpected(keys.error());
    const std::size_t count = keys->size();
    ring.replace_others(std::move(*keys));
    return count;
  }

  void note(const Expected<std::size_t>& count, bool stopping) {
    (count ? good : bad).Increment();
    if (count) {
      log::debug("token keys fetched", {{"source", source}, {"keys", *count}});
    } else if (!stopping) {
      log::warning("token keys could not be fetched; those known stay, next try in 30 s",
                   {{"source", source}, {"why", count.error().sentence}});
    }
  }
};

Jwks::Jwks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->ring.on_missing([raw = impl_.get()] { raw->refresher.missing(); });
}

Expected<std::unique_ptr<Jwks>> Jwks::start(std::string source, KeyRing& ring, const Clock& clock,
                                            Metrics& metrics) {
  if (const auto allowed = check_jwks_source(source); !allowed) {
    return std::unexpected(allowed.error());
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  auto impl = std::make_unique<Impl>(std::move(source), ring, clock, metrics);
  return std::unique_ptr<Jwks>(new Jwks(std::move(impl)));
}

Jwks::~Jwks() { impl_->ring.on_missing({}); }

void Jwks::reload() { impl_->refresher.reload(); }

}  // namespace butai::access
