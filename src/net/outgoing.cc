#include "net/outgoing.h"

#include <fmt/format.h>

#include <atomic>  // the end is seen by the thread that drives transfers
#include <ctime>
#include <map>
#include <mutex>  // requests cross to that thread
#include <thread>
#include <utility>

#include "net/curl_url.h"
#include "net/limits.h"

namespace butai::net {
namespace {

struct Transfer {
  OutgoingRequest request;
  Executor* home;
  Outgoing::Done done;
  CurlOwned<CURL> curl{nullptr, curl_easy_cleanup};
  CurlOwned<curl_slist> headers{nullptr, curl_slist_free_all};
  std::string body;
  bool too_large = false;

  Transfer(OutgoingRequest r, Executor& h, Outgoing::Done d)
      : request(std::move(r)), home(&h), done(std::move(d)) {}

  void finish(Expected<OutgoingAnswer> answer) {
    home->post([done = std::move(done), answer = std::move(answer)]() mutable {
      done(std::move(answer));
    });
  }
};

std::size_t take_bytes(char* from, std::size_t, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  if (transfer.body.size() + count > transfer.request.answer_bytes_max) {
    transfer.too_large = true;
    return 0;  // ends the transfer
  }
  transfer.body.append(from, count);
  return count;
}

bool prepare(Transfer& transfer) {
  transfer.curl.reset(curl_easy_init());
  CURL* curl = transfer.curl.get();
  if (curl == nullptr) return false;
  const OutgoingRequest& request = transfer.request;
  for (const std::string& header : request.headers) {
    curl_slist* longer = curl_slist_append(transfer.headers.release(), header.c_str());
    transfer.headers.reset(longer);
  }
  // No pause for "100 Continue" before a body.
  transfer.headers.reset(curl_slist_append(transfer.headers.release(), "Expect:"));
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");  // http was checked to be loopback
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(Millis(kOutgoingTimeout).count()));
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1");
  if (request.verb == OutgoingRequest::Verb::Post) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, transfer.headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_bytes);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_PRIVATE, &transfer);
  if (!request.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, request.ca_file.c_str());
  if (request.auth != OutgoingRequest::Auth::None) {
    const bool digest = request.auth == OutgoingRequest::Auth::Digest;
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, digest ? CURLAUTH_DIGEST : CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, request.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request.password.c_str());
  }
  return true;
}

Expected<OutgoingAnswer> answer_of(Transfer& transfer, CURLcode result) {
  if (transfer.too_large) return problem("the answer is too large");
  if (result != CURLE_OK) return problem(curl_easy_strerror(result));
  long status = 0;
  char* type = nullptr;
  curl_easy_getinfo(transfer.curl.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer.curl.get(), CURLINFO_CONTENT_TYPE, &type);
  curl_header* date = nullptr;
  const bool dated =
      curl_easy_header(transfer.curl.get(), "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK;
  const std::time_t told = dated ? curl_getdate(date->value, nullptr) : -1;
  return OutgoingAnswer{static_cast<int>(status), type != nullptr ? type : "",
                        std::move(transfer.body), told > 0 ? told : 0};
}

}  // namespace

struct Outgoing::Impl {
  CurlOwned<CURLM> multi{curl_multi_init(), [](CURLM* m) { curl_multi_cleanup(m); }};
  std::mutex mutex;
  std::vector<std::unique_ptr<Transfer>> arriving;  // under the mutex
  std::size_t pending = 0;                          // under the mutex: arriving and running
  std::atomic<bool> stop{false};
  std::map<CURL*, std::unique_ptr<Transfer>> running;  // the thread's
  std::thread thread;

  void work() {
    while (!stop) {
      take_arriving();
      int active = 0;
      curl_multi_perform(multi.get(), &active);
      finish_done();
      curl_multi_poll(multi.get(), nullptr, 0, 1000, nullptr);
    }
    take_arriving();
    for (auto& [curl, transfer] : running) {
      curl_multi_remove_handle(multi.get(), curl);
      transfer->finish(problem("this server is shutting down"));
    }
    running.clear();
  }

  void take_arriving() {
    std::vector<std::unique_ptr<Transfer>> fresh;
    {
      const std::lock_guard lock(mutex);
      fresh.swap(arriving);
    }
    for (auto& transfer : fresh) {
      if (!prepare(*transfer)) {
        transfer->finish(problem("out of memory"));
        forget();
        continue;
      }
      curl_multi_add_handle(multi.get(), transfer->curl.get());
      running.emplace(transfer->curl.get(), std::move(transfer));
    }
  }

  void finish_done() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode result = message->data.result;
      CURL* curl = message->easy_handle;
      auto node = running.extract(curl);
      curl_multi_remove_handle(multi.get(), curl);
      node.mapped()->finish(answer_of(*node.mapped(), result));
      forget();
    }
  }

  void forget() {
    const std::lock_guard lock(mutex);
    --pending;
  }
};

Outgoing::Outgoing() : impl_(std::make_unique<Impl>()) {
  curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(kOutgoingAtOnce));
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
}

Outgoing::~Outgoing() {
  impl_->stop = true;
  curl_multi_wakeup(impl_->multi.get());
  impl_->thread.join();
}

void Outgoing::send(OutgoingRequest request, Executor& home, Done done) {
  auto transfer = std::make_unique<Transfer>(std::move(request), home, std::move(done));
  if (auto allowed = check_outgoing_url(transfer->request.url); !allowed) {
    return transfer->finish(std::unexpected(allowed.error()));
  }
  std::unique_lock lock(impl_->mutex);
  if (impl_->pending >= kOutgoingAtOnce) {
    lock.unlock();
    return transfer->finish(problem("too many requests are under way"));
  }
  ++impl_->pending;
  impl_->arriving.push_back(std::move(transfer));
  lock.unlock();
  curl_multi_wakeup(impl_->multi.get());
}

Expected<void> check_outgoing_url(const std::string& url) {
  const CurlOwned<CURLU> parsed(curl_url(), curl_url_cleanup);
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return problem(fmt::format("{} is not an address", url));
  }
  const std::string scheme = url_part(parsed.get(), CURLUPART_SCHEME);
  if (scheme == "https") return {};
  if (scheme == "http" && is_loopback(url_part(parsed.get(), CURLUPART_HOST))) return {};
  return problem(
      fmt::format("{} must start with https:// (http:// is for this machine only)", url));
}

}  // namespace butai::net
