#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/routes.h"
#include "net/loop.h"

namespace butai::api {
namespace {

// An exchange that keeps its answer.
struct Recorded final : net::Exchange {
  explicit Recorded(net::Response& r) : response(r) {}
  net::Loop& loop() override { return loop_; }
  void respond(net::Response r) override { response = std::move(r); }
  std::unique_ptr<net::BodyWriter> stream(net::Response) override { return nullptr; }
  void on_gone(std::function<void()>) override {}
  net::Response& response;
  net::Loop loop_{0};
};

boost::json::object document_of(const std::vector<net::Route>& table) {
  const net::Route route = openapi_route(table, "1.2.3");
  net::Response response;
  std::get<net::HttpHandler>(route.handler)({}, std::make_unique<Recorded>(response));
  std::string text;
  for (const Bytes& piece : response.body) text += piece.text();
  return boost::json::parse(text).as_object();
}

net::Route sample(net::Method method, const std::string& pattern, net::Who who,
                  const std::string& summary) {
  return {
      .method = method,
      .pattern = pattern,
      .policy = {.who = who},
      .handler = net::HttpHandler{},
      .doc = {.summary = summary, .request_schema = R"({"type":"object"})", .response_schema = ""}};
}

TEST(openapi, is_written_from_the_routes) {
  const auto document = document_of({
      sample(net::Method::Get, "/a/{channel}/b/{rest*}", net::Who::Viewer, "reads"),
      sample(net::Method::Post, "/a/{channel}/b/{rest*}", net::Who::Anyone, "writes"),
      sample(net::Method::Get, "/page", net::Who::Anyone, ""),
  });
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  const auto& paths = document.at("paths").as_object();
  ASSERT_EQ(paths.size(), 1u) << "pages are not part of the API";
  const auto& path = paths.at("/a/{channel}/b/{rest}").as_object();
  EXPECT_EQ(path.at("get").at("parameters").as_array().size(), 2u);
  EXPECT_TRUE(path.at("get").as_object().contains("security"));
  EXPECT_FALSE(path.at("post").as_object().contains("security"));
  EXPECT_TRUE(path.at("post").as_object().contains("requestBody"));
}

TEST(openapi, a_socket_switches_protocols) {
  net::Route socket = sample(net::Method::Get, "/ws", net::Who::Publisher, "publish");
  socket.handler = net::WebSocketRoute{};
  const auto document = document_of({socket});
  const auto& responses = document.at("paths").at("/ws").at("get").at("responses").as_object();
  EXPECT_TRUE(responses.contains("101"));
  EXPECT_FALSE(responses.contains("200"));
}

}  // namespace
}  // namespace butai::api
