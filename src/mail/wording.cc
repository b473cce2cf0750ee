#include "mail/wording.h"

#include <algorithm>
#include <array>

namespace butai::mail {
namespace {

struct Wording {
  std::string_view subject_ja, body_ja, subject_en, body_en;
};

// In the order of Kind.
constexpr std::array<Wording, kKinds> kWordings{{
    {"メールアドレスの確認",
     "このメールアドレスがお客様のものであることを、次のリンクでご確認ください。\n\n{link}\n\n"
     "確認をしなくても、購入と視聴はできます。お心当たりがない場合は、このメールを破棄してください"
     "。\n",
     "Please confirm your e-mail address",
     "Please confirm that this address is yours:\n\n{link}\n\n"
     "You can buy and watch without it. If you know nothing of this, ignore this letter.\n"},
    {"パスワードの再設定",
     "次のリンクから新しいパスワードを設定できます。30分間、一度だけ有効です。\n\n{link}\n\n"
     "設定すると、すべての端末からログアウトします。お心当たりがない場合は、このメールを破棄してく"
     "ださい。\n",
     "Set a new password",
     "This link sets a new password. It works once, for 30 minutes.\n\n{link}\n\n"
     "Every device will be signed out. If you did not ask for it, ignore this letter.\n"},
    {"ご注文を承りました（お支払い待ち）: {event}",
     "ご注文ありがとうございます。\n\n公演: {event}\n注文番号: {order}\n合計: {total}（税込）\n"
     "お支払い期限: {until}\n\nお支払いがまだの場合は、こちらからお進みください。\n{link}\n",
     "Your order, waiting for its payment: {event}",
     "Thank you for your order.\n\nEvent: {event}\nOrder: {order}\nTotal: {total}, tax included\n"
     "To be paid by: {until}\n\nIf you have not paid yet, go on here:\n{link}\n"},
    {"チケットをご用意しました: {event}",
     "お申し込みありがとうございます。チケットをご用意しました。\n\n公演: {event}\n注文番号: "
     "{order}\n\n{link}\n",
     "Your ticket is ready: {event}",
     "Thank you. Your ticket is ready.\n\nEvent: {event}\nOrder: {order}\n\n{link}\n"},
    {"コンビニでのお支払い番号: {event}",
     "コンビニのレジまたは端末で、次の番号をお伝えください。\n\n公演: {event}\nお支払い番号: "
     "{number}\n"
     "合計: {total}（税込）\nお支払い期限: "
     "{until}\n\n期限を過ぎると、お席は自動的に取り消されます。\n{link}\n",
     "Your number for the convenience store: {event}",
     "Give this number at the store's till or terminal.\n\nEvent: {event}\nNumber: {number}\n"
     "Total: {total}, tax included\nTo be paid by: {until}\n\nAfter that the seat is given "
     "up.\n{link}\n"},
    {"お支払いを確認しました: {event}",
     "お支払いを確認し、チケットをご用意しました。\n\n公演: {event}\n注文番号: {order}\n合計: "
     "{total}（税込）\n\n{link}\n",
     "Paid, and your ticket is ready: {event}",
     "We have your payment, and your ticket is ready.\n\nEvent: {event}\nOrder: {order}\n"
     "Total: {total}, tax included\n\n{link}\n"},
    {"お支払いを確認しました（期限後）: {event}",
     "お支払い期限を過ぎてのご入金でしたが、お席が残っておりましたので、チケットをご用意しました。"
     "\n\n"
     "公演: {event}\n注文番号: {order}\n合計: {total}（税込）\n\n{link}\n",
     "Paid late, and there was a seat: {event}",
     "Your payment came after its time was over. There was a seat left, and your ticket is "
     "ready.\n\n"
     "Event: {event}\nOrder: {order}\nTotal: {total}, tax included\n\n{link}\n"},
    {"返金いたします（期限後のお支払い）: {event}",
     "お支払い期限を過ぎてのご入金で、お席が残っていなかったため、全額を返金いたします。申し訳ござ"
     "いません。\n\n"
     "公演: {event}\n注文番号: {order}\n返金額: {total}\n\n{link}\n",
     "Paid late, and sold out: your money goes back: {event}",
     "Your payment came after its time was over, and no seat was left. All of it goes back to you. "
     "We are"
     " sorry.\n\nEvent: {event}\nOrder: {order}\nRefund: {total}\n\n{link}\n"},
    {"まもなく開場です: {event}",
     "まもなく開場です。\n\n公演: {event}\n開場: {doors}\n開演: {start}\n\n"
     "開場前から待合室に入れます。再生テストもお済ませください。\n{link}\n",
     "Doors open soon: {event}",
     "Doors open soon.\n\nEvent: {event}\nDoors: {doors}\nStart: {start}\n\n"
     "The waiting room is open before the doors. Test playback on your device if you have "
     "not.\n{link}\n"},
    {"開演時刻の変更: {event}",
     "公演の時刻が変わりました。チケットはそのままお使いいただけます。\n\n公演: {event}\n開場: "
     "{doors}\n開演: {start}\n"
     "終演予定: {end}\n\n{link}\n",
     "New times: {event}",
     "The times of a performance have changed. Your ticket stays good.\n\nEvent: {event}\nDoors: "
     "{doors}\n"
     "Start: {start}\nEnd: {end}\n\n{link}\n"},
    {"返金のお知らせ: {event}",
     "ご注文の返金が完了しました。チケットは無効になりました。\n\n公演: {event}\n注文番号: "
     "{order}\n返金額: {total}\n\n"
     "お手元に届くまでの日数は、お支払い方法によって異なります。\n{link}\n",
     "Refunded: {event}",
     "Your order was refunded, and its tickets are no longer valid.\n\nEvent: {event}\nOrder: "
     "{order}\n"
     "Refund: {total}\n\nHow many days it takes depends on how you paid.\n{link}\n"},
}};

std::string_view value_of(const Values& values, std::string_view name) {
  const auto found = std::ranges::find(values, name, &std::pair<std::string, std::string>::first);
  return found == values.end() ? std::string_view() : std::string_view(found->second);
}

// Values are one line each: a title cannot pretend to be a paragraph of ours.
void append_line(std::string& text, std::string_view value) {
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
}

std::string filled(std::string_view text, std::string_view language, const Values& values) {
  std::string out;
  for (std::size_t open = text.find('{'); open != text.npos; open = text.find('{')) {
    const std::size_t close = text.find('}', open);
    out += text.substr(0, open);
    const std::string name(text.substr(open + 1, close - open - 1));
    const std::string_view own = value_of(values, name + "_" + std::string(language));
    append_line(out, own.empty() ? value_of(values, name) : own);
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

}  // namespace

Worded worded(Kind kind, std::string_view language, const Values& values) {
  const Wording& wording = kWordings.at(static_cast<std::size_t>(kind));
  const bool ja = language == "ja";
  Worded words{filled(ja ? wording.subject_ja : wording.subject_en, language, values),
               filled(ja ? wording.body_ja : wording.body_en, language, values)};
  words.body += filled("\n--\n{site}\n", language, values);
  return words;
}

}  // namespace butai::mail
