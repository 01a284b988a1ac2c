#include "pronunciation/language.h"

#include <gtest/gtest.h>

#include "audio/phones.h"
#include "base/error.h"
#include "pronunciation/foreign_words.h"
#include "pronunciation/pronouncer.h"
#include "pronunciation/spelled_numbers.h"
#include "pronunciation/text_words.h"

namespace vultus::pronunciation {
namespace {

TEST(LanguageGuess, ByScriptLettersAndWords) {
    const std::pair<const char*, const char*> cases[] = {
        {"Hello world, this is a small test for you.", "en"},
        {"bin green with o two now", "en"},
        {"Die another day, the man said to die.", "en"},
        {"Caf\u00E9 society: a r\u00E9sum\u00E9 of the na\u00EFve.", "en"},
        {"42", "en"},
        {"", "en"},
        {"Guten Morgen, mein Name ist Hans und ich komme aus Berlin.", "de"},
        {"Das ist ein Test.", "de"},
        {"Bonjour tout le monde, ceci est un petit essai pour vous.", "fr"},
        {"Hola a todos, esta es una prueba peque\u00F1a.", "es"},
        {"Buongiorno, questo \u00E8 un piccolo test.", "it"},
        {"Ol\u00E1, isto n\u00E3o \u00E9 um teste.", "pt"},
        {"Goedemorgen, dit is een kleine test voor jullie.", "nl"},
        {"Hej, det h\u00E4r \u00E4r ett litet test f\u00F6r dig.", "sv"},
        {"Dzie\u0144 dobry, to jest ma\u0142y test.", "pl"},
        {"\u041F\u0440\u0438\u0432\u0435\u0442, \u0410\u043D\u043D\u0430, \u044D\u0442\u043E "
         "\u0442\u0435\u0441\u0442.",
         "ru"},
        {"\u0426\u0435 \u043D\u0435\u0432\u0435\u043B\u0438\u043A\u0438\u0439 \u0456\u0441\u043F\u0438\u0442 "
         "\u0434\u043B\u044F \u0432\u0430\u0441",
         "uk"},
        {"\u4F60\u597D\u4E16\u754C", "zh"},
        {"\u4E16\u754C\u306E\u7686\u3055\u3093\u3001\u3053\u3093\u306B\u3061\u306F", "ja"},
        {"\uC548\uB155\uD558\uC138\uC694", "ko"},
        {"\u0928\u092E\u0938\u094D\u0924\u0947 \u0926\u0941\u0928\u093F\u092F\u093E", "hi"},
        {"\u0645\u0631\u062D\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645", "ar"},
        {"\u0633\u0644\u0627\u0645 \u0628\u0647 \u0647\u0645\u0647 \u06CC \u062F\u0646\u06CC\u0627", "fa"},
        {"\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A", "th"}};
    for (const auto& [text, language] : cases) EXPECT_EQ(guess_language(text), language) << text;
}

TEST(LanguageGuess, WhatTheTextLeavesOpenIsListed) {
    EXPECT_EQ(guess_language("Das kostet am 1. Mai 2024 5,50 Euro."), "de");
    const std::vector<std::string> open = likely_languages("Il y a 101 personnes.");
    EXPECT_NE(std::find(open.begin(), open.end(), "fr"), open.end());
    EXPECT_LE(open.size(), 6u);
    EXPECT_EQ(likely_languages("Hello world, this is a small test for you."),
              (std::vector<std::string>{"en"}));
    EXPECT_EQ(likely_languages("Tengo 3 casas.").size(), 6u) << "no word of it is frequent";
    EXPECT_EQ(likely_languages(""), (std::vector<std::string>{"en"}));
}

TEST(Language, TagsNameTheirVoices) {
    EXPECT_EQ(language_named("de").voices.back(), "de");
    EXPECT_EQ(language_named("DE-at").tag, "de-AT");
    EXPECT_EQ(language_named("pt_BR").voices[0], "pt-br");
    EXPECT_EQ(language_named("es-MX").voices[0], "es-419");
    EXPECT_EQ(language_named("en").voices[0], "en-us");
    EXPECT_EQ(language_named("en-GB").voices[0], "en-gb");
    EXPECT_EQ(language_named("zh-Hant-TW").name, "Chinese");
    EXPECT_EQ(language_named("zh-HK").voices[0], "yue");
    for (const char* wrong : {"", "german", "d", "xx", "de-", "../de", "\xFF"})
        EXPECT_THROW(language_named(wrong), Error) << wrong;
}

std::string written(const std::string& text, const std::string& language) {
    std::string result;
    for (const TextWord& word : text_words(text, language))
        result += (result.empty() ? "" : "|") + word.written;
    return result;
}

TEST(ForeignWords, ComeApartAsTheLanguageParts) {
    EXPECT_EQ(written("L'homme est l\u00E0, d\u00E9j\u00E0!", "fr"), "L'homme|est|l\u00E0|d\u00E9j\u00E0");
    EXPECT_EQ(written("\u4F60\u597D\u4E16\u754C\u3002\u4ECA\u5929", "zh"),
              "\u4F60\u597D|\u4E16\u754C|\u4ECA\u5929");
    EXPECT_EQ(written("\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A", "th"),
              "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35|\u0E04\u0E23\u0E31\u0E1A");
    EXPECT_EQ(written("Es kostet -5,50 \u20AC (50 %) um 12:30, 5 km/h.", "de"),
              "Es|kostet|-5,50 \u20AC|50 %|um|12:30|5 km/h");
    // Soft hyphens and line ends of any kind glue nothing.
    EXPECT_EQ(written("Ein\rZei\u00ADlen\r\nende", "de"), "Ein|Zei\u00ADlen|ende");
    const auto words = text_words("[leise] \u00DCber \u4E16\u754C", "de");
    ASSERT_GE(words.size(), 3u);
    EXPECT_EQ(words[0].optional_until, 1u);
    EXPECT_EQ(words[1].begin_char, 8u);
    EXPECT_EQ(words[1].end_char, 12u);
}

bool may_say(const Readings& readings, const Reading& reading) {
    return std::find(readings.begin(), readings.end(), reading) != readings.end();
}

TEST(SpelledNumbers, ByTheLanguagesOwnRules) {
    SpelledNumbers german("de"), french("fr"), russian("ru"), chinese("zh");
    EXPECT_TRUE(may_say(german.number("2024"), {"zweitausendvierundzwanzig"}));
    EXPECT_TRUE(may_say(german.number("1984"), {"neunzehnhundertvierundachtzig"}));
    EXPECT_TRUE(may_say(german.number("3"), {"dritte"}));
    EXPECT_TRUE(may_say(german.number("1.234"), {"eintausendzweihundertvierunddrei\u00DFig"}));
    EXPECT_TRUE(may_say(german.number("3,5"), {"drei", "Komma", "f\u00FCnf"}));
    EXPECT_TRUE(may_say(german.number("007"), {"null", "null", "sieben"}));
    EXPECT_TRUE(may_say(german.number("1.000.000"), {"eine", "Million"}));
    EXPECT_TRUE(may_say(french.number("91"), {"quatre-vingt-onze"}));
    EXPECT_TRUE(may_say(french.number("1"), {"premi\u00E8re"}));
    EXPECT_TRUE(may_say(russian.number("2"), {"\u0434\u0432\u0435"}));
    EXPECT_TRUE(may_say(chinese.number("2024"), {"\u4E8C\u5343\u96F6\u4E8C\u5341\u56DB"}));
    EXPECT_TRUE(may_say(german.unit("%", "50"), {"Prozent"}));
    EXPECT_TRUE(may_say(german.unit("\u20AC", "5"), {"Euro"}));
    EXPECT_TRUE(may_say(french.unit("$", "5"), {"dollars", "des", "\u00C9tats-Unis"}));
    EXPECT_TRUE(may_say(german.sign('-'), {"minus"}));
    EXPECT_TRUE(german.number("Hallo").empty());
    EXPECT_TRUE(german.unit("&", "5").empty());
}

TEST(Pronouncer, SaysWordsInTheirLanguage) {
    EXPECT_EQ(pinyin("\u4F60\u597D"), "ni3 hao3");
    if (!Espeak::load()) GTEST_SKIP() << "needs espeak-ng";
    const auto first = [](const std::string& word, const std::string& language) {
        std::string names;
        Pronouncer pronouncer({}, language);
        const auto ways = pronouncer.ways_to_say(word);
        if (!ways.empty())
            for (const int phone : ways[0]) names += std::string(audio::phone_name(phone)) + " ";
        return names;
    };
    EXPECT_EQ(first("ich", "de"), "IH HH ");
    EXPECT_EQ(first("deux", "fr"), "D UH ");
    EXPECT_EQ(first("\u4F60\u597D", "zh"), "N IY HH AW ");
    EXPECT_EQ(first("\u043C\u044B", "ru"), "M UW ");
    EXPECT_THROW(Pronouncer({}, "ain"), Error) << "espeak-ng does not speak Ainu";
    if (KanaReader::load()) {
        EXPECT_EQ(first("\u4E16\u754C", "ja"), first("\u30BB\u30AB\u30A4", "ja"));
    } else {
        EXPECT_EQ(first("\u4E16\u754C", "ja"), "");
    }
}

}  // namespace
}  // namespace vultus::pronunciation
