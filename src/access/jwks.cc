#include "access/jwks.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/format.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/files.h"

namespace butai::access {
namespace {

template <class T>
using CurlOwned = std::unique_ptr<T, void (*)(T*)>;

bool is_url(std::string_view source) {
  return source.find("://") != source.npos && !source.starts_with("file://");
}

std::string file_of(const std::string& source) {
  return source.starts_with("file://") ? source.substr(7) : source;
}

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  const CurlOwned<void> owned(text, curl_free);
  return text;
}

bool is_loopback(const std::string& host) {
  in_addr address{};
  const bool ipv4 = ::inet_pton(AF_INET, host.c_str(), &address) == 1;
  return host == "localhost" || host == "[::1]" || (ipv4 && host.starts_with("127."));
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
  const CurlOwned<CURL> curl(curl_easy_init(), curl_easy_cleanup);
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
  const CurlOwned<CURLU> url(curl_url(), curl_url_cleanup);
  if (!url || curl_url_set(url.get(), CURLUPART_URL, source.c_str(), 0) != CURLUE_OK) {
    return problem(fmt::format("[auth] jwks_url: {} is not an address.", source));
  }
  const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
  if (scheme == "https") return {};
  if (scheme == "http" && is_loopback(url_part(url.get(), CURLUPART_HOST))) return {};
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
  Impl(std::string from, KeyRing& keys, const Clock& time, Metrics& metrics)
      : source(std::move(from)),
        ring(keys),
        clock(time),
        good(metrics.counter("butai_jwks_fetches_total", "Fetches of foreign keys, by result.",
                             {{"result", "good"}})),
        bad(metrics.counter("butai_jwks_fetches_total", "Fetches of foreign keys, by result.",
                            {{"result", "failed"}})),
        schedule(time.steady()) {}

  std::string source;
  KeyRing& ring;
  const Clock& clock;
  prometheus::Counter& good;
  prometheus::Counter& bad;
  std::atomic<bool> stop{false};  // read inside libcurl's callback
  std::mutex mutex;               // schedule is moved by loops and by the thread
  std::condition_variable wake;
  JwksSchedule schedule;
  std::thread thread;

  Expected<std::size_t> fetch() {
    const auto document = read_jwks(source, stop);
    if (!document) return std::unexpected(document.error());
    auto keys = parse_jwks(*document);
    if (!keys) return std::unexpected(keys.error());
    const std::size_t count = keys->size();
    ring.replace_others(std::move(*keys));
    return count;
  }

  void note(const Expected<std::size_t>& result) {
    const std::lock_guard lock(mutex);
    if (result) {
      good.Increment();
      schedule.fetched(clock.steady());
      log::debug("token keys fetched", {{"source", source}, {"keys", *result}});
    } else {
      bad.Increment();
      schedule.failed(clock.steady());
      if (!stop) {
        log::warning("token keys could not be fetched; those known stay, next try in 30 s",
                     {{"source", source}, {"why", result.error().sentence}});
      }
    }
  }

  void work() {
    while (true) {
      std::unique_lock lock(mutex);
      while (!stop && clock.steady() < schedule.next()) {
        wake.wait_for(lock, schedule.next() - clock.steady());
      }
      lock.unlock();
      if (stop) return;
      note(fetch());
    }
  }

  void change(void (JwksSchedule::*how)(Steady)) {
    const std::lock_guard lock(mutex);
    (schedule.*how)(clock.steady());
    wake.notify_one();
  }
};

Jwks::Jwks(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->ring.on_missing([raw = impl_.get()] { raw->change(&JwksSchedule::missing); });
  impl_->thread = std::thread([raw = impl_.get()] { raw->work(); });
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

Jwks::~Jwks() {
  impl_->ring.on_missing({});
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void Jwks::reload() { impl_->change(&JwksSchedule::reload); }

}  // namespace butai::access
