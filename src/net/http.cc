#include "net/http.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/text.h"

namespace butai::net {

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(list_, [&](const auto& field) { return equal_without_case(field.first, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const auto& [field, value] : list_) {
    if (equal_without_case(field, name)) return value;
  }
  return std::nullopt;
}

bool Principal::has(std::string_view scope) const {
  return std::ranges::find(scopes, scope) != scopes.end();
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::string_view Request::arg(std::string_view name) const {
  for (const auto& [key, value] : args) {
    if (key == name) return value;
  }
  return {};
}

Response Response::text(int status, std::string_view type, std::string_view body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::string(type));
  if (!body.empty()) response.body.push_back(Bytes::copy_of(body));
  return response;
}

Response Response::json(std::string_view body, int status) {
  return text(status, "application/json", body);
}

Response Response::problem(int status, std::string_view detail) {
  return text(status, "application/problem+json",
              fmt::format(R"({{"type":"about:blank","title":"{}","status":{},"detail":"{}"}})",
                          reason_of(status), status, json_escaped(detail)));
}

ReadyAnswer::ReadyAnswer(Response response) : response_(std::move(response)) {
  for (const Bytes& piece : response_.body) size_ += piece.size();
}

std::string_view reason_of(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 425:
      return "Too Early";
    case 426:
      return "Upgrade Required";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::Get:
      return "GET";
    case Method::Head:
      return "HEAD";
    case Method::Post:
      return "POST";
    case Method::Put:
      return "PUT";
    case Method::Patch:
      return "PATCH";
    case Method::Delete:
      return "DELETE";
    case Method::Options:
      return "OPTIONS";
  }
  return "GET";
}

std::optional<Method> method_named(std::string_view name) {
  for (const Method method : {Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch,
                              Method::Delete, Method::Options}) {
    if (name_of(method) == name) return method;
  }
  return std::nullopt;
}

}  // namespace butai::net
