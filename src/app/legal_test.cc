#include "app/legal.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace butai::app {
namespace {

using ::testing::HasSubstr;

TEST(legal, what_is_missing_before_a_sale_is_named) {
  Config config;
  config.legal["seller"] = "株式会社 舞台";
  EXPECT_THAT(why_nothing_is_sold(config),
              HasSubstr("[legal] has no representative, address, phone, email, extra_costs, "
                        "cancellation, terms, privacy."));
  for (const LegalKey& key : legal_keys()) {
    if (key.needed) config.legal[std::string(key.name)] = "x";
  }
  EXPECT_EQ(why_nothing_is_sold(config), "");
}

TEST(legal, the_demo_sells_nothing_unless_the_money_is_real) {
  Config config;
  config.payments.test = PaymentsConfig::Test::Operator;
  EXPECT_EQ(why_nothing_is_sold(config), "");
  config.payments.stripe.secret_key = "sk_test_1";
  EXPECT_EQ(why_nothing_is_sold(config), "");
  config.payments.stripe.secret_key = "sk_live_1";
  EXPECT_THAT(why_nothing_is_sold(config), HasSubstr("seller"));
}

TEST(legal, a_missing_language_is_the_other_one) {
  Config config;
  config.legal["seller"] = "舞台";
  config.legal["phone_en"] = "+81";
  const auto told = legal_json(config);
  EXPECT_EQ(told.at("seller").at("en").as_string(), "舞台");
  EXPECT_EQ(told.at("phone").at("ja").as_string(), "+81");
  EXPECT_FALSE(told.contains("seller_en"));
}

TEST(legal, a_document_that_is_not_there_is_named) {
  Config config;
  config.legal["terms"] = "https://example.org/terms";
  EXPECT_TRUE(read_legal_documents(config));
  config.legal["privacy"] = "/nowhere/privacy.txt";
  const auto read = read_legal_documents(config);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().sentence, HasSubstr("[legal] privacy: "));
}

}  // namespace
}  // namespace butai::app
