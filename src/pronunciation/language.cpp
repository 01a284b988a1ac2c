#include "pronunciation/language.h"

#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <sstream>

#include "base/error.h"
#include "pronunciation/plain_text.h"

namespace vultus::pronunciation {
namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
    return text;
}

template <typename F>
std::string part_of(const char* locale, F get) {
    char buffer[ULOC_FULLNAME_CAPACITY] = {};
    UErrorCode status = U_ZERO_ERROR;
    get(locale, buffer, ULOC_FULLNAME_CAPACITY - 1, &status);
    return U_SUCCESS(status) ? buffer : "";
}

std::string english_name(const char* locale) {
    UChar buffer[200];
    UErrorCode status = U_ZERO_ERROR;
    const std::int32_t length = uloc_getDisplayLanguage(locale, "en", buffer, 200, &status);
    std::string name;
    if (U_SUCCESS(status)) icu::UnicodeString(buffer, length).toUTF8String(name);
    return name;
}

bool in_america(const std::string& region) {
    static const std::vector<std::string> kEurope = {"", "es", "gq", "ph"};
    return std::find(kEurope.begin(), kEurope.end(), region) == kEurope.end();
}

/// espeak-ng's names where they are not the tag's.
std::vector<std::string> voices_of(const std::string& code, const std::string& script,
                                   const std::string& region) {
    const std::string with_region = region.empty() ? code : code + "-" + region;
    // Its voice of Chinese characters lacks most of them: they go in as pinyin.
    if (code == "zh" || code == "cmn") {
        const bool cantonese = region == "hk" || region == "mo";
        return {cantonese ? "yue" : "cmn-latn-pinyin"};
    }
    if (code == "en") return {region.empty() || region == "us" ? "en-us" : with_region, "en-gb"};
    if (code == "es" && in_america(region)) return {"es-419", "es"};
    if (code == "fr") return {with_region, "fr"};
    if (code == "no" || code == "nn" || code == "nb") return {"nb"};
    if (code == "sr" || code == "bs" || code == "hr") return {code, "hr"};
    if (code == "pt") return {with_region, "pt"};
    if (code == "vi") return {"vi"};
    if (code == "fa" && script == "latn") return {"fa-latn", "fa"};
    return {with_region, code};
}

}  // namespace

Language language_named(const std::string& tag) {
    char locale[ULOC_FULLNAME_CAPACITY] = {};
    UErrorCode status = U_ZERO_ERROR;
    std::string dashes = tag;
    std::replace(dashes.begin(), dashes.end(), '_', '-');
    std::int32_t parsed = 0;
    uloc_forLanguageTag(dashes.c_str(), locale, ULOC_FULLNAME_CAPACITY - 1, &parsed, &status);
    Language language;
    language.code = U_SUCCESS(status) ? lower(part_of(locale, uloc_getLanguage)) : "";
    language.name = english_name(locale);
    const bool known = !language.name.empty() && lower(language.name) != language.code;
    if (language.code.empty() || !known || static_cast<std::size_t>(parsed) != dashes.size())
        fail(ErrorCode::kInvalidArgument,
             "[pronunciation] language: expected a tag such as en, de, pt-BR or zh, got '{}'", tag);
    const std::string script = lower(part_of(locale, uloc_getScript)),
                      region = lower(part_of(locale, uloc_getCountry));
    language.tag = language.code;
    if (!region.empty()) language.tag.append("-").append(part_of(locale, uloc_getCountry));
    language.voices = voices_of(language.code, script, region);
    return language;
}

namespace {

struct Marks {
    const char* language;
    std::u32string_view letters;  ///< that others in its script hardly have
    const char* words;            ///< frequent ones, with blanks between
};

// Words that English has, too, are in its list alone or in both: a tie is English.
constexpr Marks kLatin[] = {
    {"en", U"",
     "the of and to in is that it for you was with on as have but be they this are not at from or his her by "
     "an "
     "we can my me your if what all there when out about who get which will would their one just like so "
     "some "
     "could them then than into only come over think also how our these any because us hello a i do he she "
     "had "
     "has been were said did now here where why no yes die man am most other more time"},
    {"de", U"\u00DF",
     "der die das und ist nicht ich du wir ihr sie ein eine einen einem einer mit auf f\u00FCr von dem den "
     "zu im "
     "auch sich wie aber wenn oder nur noch war hat haben sind bin wird werden kann dass mein dein sein "
     "guten "
     "morgen tag heute hallo danke bitte sehr schon hier nach bei aus es er was wo wer warum am um alle "
     "mehr"},
    {"fr", U"\u0153\u00EB\u00F9",
     "le la les des du un une et est pas je tu il elle nous vous ils ce cette que qui dans pour sur avec ne "
     "sont "
     "suis ai avez mais ou o\u00F9 comme plus tout tous bien bonjour merci au aux mon ma votre c'est j'ai "
     "l'on "
     "\u00E0 \u00EAtre tr\u00E8s aussi fait m\u00EAme \u00E7a salut oui non s'il qu'il d'un d'une n'est sa "
     "son ses "
     "leur chez sans sous entre"},
    {"es", U"\u00F1\u00BF\u00A1",
     "el la los las de del un una y es no que en por con para se lo como m\u00E1s pero su sus al este esta "
     "est\u00E1 "
     "son yo t\u00FA muy hay hola gracias buenos buenas d\u00EDas todo todos cuando si s\u00ED ya porque mi "
     "me te le "
     "nos tiene era ser soy ha han hasta desde tambi\u00E9n"},
    {"it", U"\u00F2\u00EC",
     "il lo la gli le di del della un una e \u00E8 che non per con sono ho hai ha mi ti si ci come pi\u00F9 "
     "ma anche "
     "questo questa nel nella alla al dei delle ciao grazie buongiorno molto tutto tutti perch\u00E9 io tu "
     "lui lei "
     "noi cosa quando dove sei siamo essere"},
    {"pt", U"\u00E3\u00F5",
     "o os as um uma e \u00E9 n\u00E3o que em por com para se do da dos das no na nos nas mais mas como eu "
     "voc\u00EA "
     "ele ela n\u00F3s est\u00E1 s\u00E3o muito ol\u00E1 obrigado obrigada bom dia tudo todos quando foi ser "
     "seu sua "
     "meu minha isso isto tamb\u00E9m j\u00E1 ao"},
    {"nl", U"",
     "de het een en is niet ik je jij wij we zij ze van op te dat die met voor zijn maar om aan er ook als "
     "dan "
     "naar bij nog hallo dank goed goedemorgen heeft heb hebben was wat hoe waar deze mijn uw jullie kan "
     "uit"},
    {"sv", U"",
     "och att det \u00E4r en ett i p\u00E5 som f\u00F6r med inte jag du vi ni de den har av till om men var "
     "sig hej "
     "tack mycket fr\u00E5n eller han hon kan ska min din s\u00E5 h\u00E4r d\u00E4r nu"},
    {"da", U"",
     "og at det er en et i p\u00E5 som for med ikke jeg du vi de den har af til om men var sig hej tak meget "
     "fra "
     "eller han hun kan skal min din s\u00E5 her der nu hvad hvor"},
    {"nb", U"",
     "og at det er en et i p\u00E5 som for med ikke jeg du vi dere den har av til om men var seg hei takk "
     "mye fra "
     "eller han hun kan skal min din s\u00E5 her der n\u00E5 hva hvor"},
    {"fi", U"",
     "ja on ei ett\u00E4 se h\u00E4n min\u00E4 sin\u00E4 me te he oli olen ovat mutta kun niin my\u00F6s "
     "kuin t\u00E4m\u00E4 "
     "hei kiitos hyv\u00E4\u00E4 p\u00E4iv\u00E4\u00E4 jos tai mit\u00E4 miss\u00E4 nyt vain"},
    {"pl", U"\u0142\u0105\u0119\u015B\u017A\u017C\u0107\u0144",
     "i w nie na si\u0119 z do to \u017Ce jest o jak po co tak ale za od czy mnie ja ty my dzie\u0144 dobry "
     "dzi\u0119kuj\u0119 jestem ma s\u0105 by\u0142 przez dla"},
    {"cs", U"\u0159\u011B\u016F",
     "a je se v na to \u017Ee s z do jsem jsi jsou ale jak tak po co ve by ne ano dobr\u00FD den d\u011Bkuji "
     "jeho "
     "kter\u00FD pro od za"},
    {"sk", U"\u013E\u0155\u013A",
     "a je sa v na to \u017Ee s z do som si s\u00FA ale ako tak po \u010Do vo by nie \u00E1no dobr\u00FD "
     "de\u0148 pre od za"},
    {"tr", U"\u011F\u0131\u015F",
     "bir ve bu da de i\u00E7in ne o ben sen biz ile \u00E7ok gibi daha var yok ama mi merhaba "
     "te\u015Fekk\u00FCr olarak "
     "kadar"},
    {"ro", U"\u0103\u0219\u021B\u0163",
     "\u0219i este nu de la \u00EEn cu pe un o s\u0103 ce mai din care pentru sunt eu tu bun\u0103 ziua "
     "mul\u021Bumesc dar "
     "au am"},
    {"hu", U"\u0151\u0171",
     "a az \u00E9s nem hogy van egy ez is de ha mi csak meg k\u00F6sz\u00F6n\u00F6m j\u00F3 napot vagyok "
     "volt \u00E9n te "
     "mint"},
    {"id", U"",
     "yang dan di ini itu dengan untuk dari tidak saya anda kami akan ada ke pada adalah juga terima kasih "
     "selamat apa"},
    {"vi", U"\u0111\u01B0\u01A1\u1EA1\u1EBF\u1EC7\u1ED9\u1EA3",
     "xin ch\u00E0o t\u00F4i l\u00E0 v\u00E0 c\u1EE7a kh\u00F4ng c\u00F3"},
    {"eo", U"\u0109\u011D\u0135\u015D\u016D", "la kaj estas mi vi ne en kun al por"}};

constexpr Marks kCyrillic[] = {
    {"ru", U"\u044B\u044D\u0451",
     "\u0438 \u0432 \u043D\u0435 \u043D\u0430 \u044F \u0447\u0442\u043E \u043E\u043D \u0441 "
     "\u043A\u0430\u043A \u044D\u0442\u043E \u043F\u043E \u043D\u043E \u043C\u044B"},
    {"uk", U"\u0456\u0457\u0454\u0491",
     "\u0456 \u0442\u0430 \u043D\u0435 \u0449\u043E \u044F \u0437 \u0446\u0435 \u0432\u0456\u043D"},
    {"be", U"\u045E", "\u0456 \u0456 \u043D\u0435 \u0448\u0442\u043E"},
    {"bg", U"",
     "\u0438 \u0434\u0430 \u0435 \u043D\u0430 \u0441\u0435 \u0437\u0430 \u043E\u0442 \u0441\u0430 "
     "\u0442\u043E\u0432\u0430 \u0441\u044A\u043C \u043F\u044A\u0442 \u043A\u0430\u043A\u0432\u043E"},
    {"sr", U"\u0452\u045B\u0458\u0459\u045A\u045F",
     "\u0458\u0435 \u0434\u0430 \u0441\u0430\u043C \u0441\u0443"},
    {"mk", U"\u0453\u045C\u0455", "\u0435 \u0434\u0430 \u0441\u0443\u043C \u0441\u0435"},
    {"kk", U"\u04D9\u0493\u049B\u04A3\u04E9\u04B1\u04AF", ""}};

constexpr Marks kArabic[] = {{"ar", U"\u0629\u0649\u0643", ""},
                             {"fa", U"\u067E\u0686\u0698\u06AF\u06CC\u06A9", ""},
                             {"ur", U"\u0679\u0688\u06BA\u06D2\u06BE", ""}};

constexpr Marks kDevanagari[] = {
    {"hi", U"",
     "\u0939\u0948 \u0914\u0930 \u0915\u0947 \u092E\u0947\u0902 \u0915\u093E \u0915\u0940 \u0939\u0948\u0902 "
     "\u0938\u0947"},
    {"mr", U"\u0933", "\u0906\u0939\u0947 \u0906\u0923\u093F \u0906\u0939\u0947\u0924 \u092E\u0940"},
    {"ne", U"", "\u091B \u0930 \u0939\u094B \u092E \u091B\u0928\u094D"}};

// Scripts of one language that is worth a guess.
constexpr std::pair<UScriptCode, const char*> kScripts[] = {
    {USCRIPT_HANGUL, "ko"},   {USCRIPT_HEBREW, "he"},   {USCRIPT_THAI, "th"},      {USCRIPT_GREEK, "el"},
    {USCRIPT_TAMIL, "ta"},    {USCRIPT_TELUGU, "te"},   {USCRIPT_BENGALI, "bn"},   {USCRIPT_GUJARATI, "gu"},
    {USCRIPT_GURMUKHI, "pa"}, {USCRIPT_KANNADA, "kn"},  {USCRIPT_MALAYALAM, "ml"}, {USCRIPT_GEORGIAN, "ka"},
    {USCRIPT_ARMENIAN, "hy"}, {USCRIPT_ETHIOPIC, "am"}, {USCRIPT_SINHALA, "si"},   {USCRIPT_MYANMAR, "my"}};

constexpr std::size_t kMostLikely = 6;

/// What a text says about its language.
struct Evidence {
    std::map<UScriptCode, std::size_t> scripts;  ///< letters of each
    std::vector<std::u32string> words;           ///< in lower case
};

Evidence evidence_of(std::string_view utf8) {
    Evidence evidence;
    const PlainText text = plain_text(utf8);
    std::u32string word;
    for (std::size_t i = 0; i <= text.plain.size(); ++i) {
        const char32_t c = i < text.plain.size() ? text.plain[i] : U' ';
        // What marks of punctuation became stays in the given text.
        if (i < text.given.size() && (text.given[i] == 0x00BF || text.given[i] == 0x00A1) &&
            text.plain[i] == ' ')
            evidence.words.push_back(std::u32string(1, text.given[i]));
        if (c == PlainText::kSkipped) continue;
        if (is_word_character(c) || (c == '\'' && !word.empty())) {
            word += static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
            UErrorCode status = U_ZERO_ERROR;
            const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
            if (u_isalpha(static_cast<UChar32>(c))) ++evidence.scripts[script];
            continue;
        }
        if (!word.empty()) evidence.words.push_back(std::move(word));
        word.clear();
    }
    return evidence;
}

std::string utf8_of(const std::u32string& word) {
    std::string text;
    for (const char32_t c : word) append_utf8(c, text);
    return text;
}

/// A frequent word counts one, a word with a letter of its own one and a half.
double score_of(const Marks& marks, const Evidence& evidence) {
    std::set<std::string> frequent;
    std::istringstream list(marks.words);
    for (std::string word; list >> word;) frequent.insert(word);
    double score = 0;
    for (const std::u32string& word : evidence.words) {
        if (frequent.contains(utf8_of(word))) score += 1;
        if (word.find_first_of(marks.letters) != std::u32string::npos) score += 1.5;
    }
    return score;
}

/// The best first: of equals the first, and the first of all unless another has `needed` more. Behind it
/// those that are no more than one word worse.
std::vector<std::string> best_of(std::span<const Marks> candidates, const Evidence& evidence, double needed) {
    std::vector<double> scores;
    for (const Marks& marks : candidates) scores.push_back(score_of(marks, evidence));
    std::size_t best = 0;
    for (std::size_t i = 1; i < scores.size(); ++i)
        if (scores[i] > scores[best] && scores[i] >= scores[0] + needed) best = i;
    std::vector<std::string> likely{candidates[best].language};
    const double most = *std::max_element(scores.begin(), scores.end());
    // Where no word tells, all are as likely: the lists' first are the most spoken.
    const double least = most > 0 ? std::max(1.0, most - 1) : evidence.words.empty() ? 1 : 0;
    for (std::size_t i = 0; i < scores.size() && likely.size() < kMostLikely; ++i)
        if (i != best && scores[i] >= least) likely.emplace_back(candidates[i].language);
    return likely;
}

}  // namespace

std::string guess_language(std::string_view utf8) { return likely_languages(utf8).front(); }

std::vector<std::string> likely_languages(std::string_view utf8) {
    const Evidence evidence = evidence_of(utf8);
    std::size_t letters = 0;
    UScriptCode script = USCRIPT_LATIN;
    for (const auto& [one, count] : evidence.scripts) {
        letters += count;
        const auto most = evidence.scripts.find(script);
        if (most == evidence.scripts.end() || count > most->second) script = one;
    }
    const auto count_of = [&](UScriptCode one) {
        const auto found = evidence.scripts.find(one);
        return found == evidence.scripts.end() ? std::size_t{0} : found->second;
    };
    const std::size_t kana = count_of(USCRIPT_HIRAGANA) + count_of(USCRIPT_KATAKANA),
                      han = count_of(USCRIPT_HAN);
    if (2 * (kana + han) > letters) return {10 * kana > han ? "ja" : "zh"};
    if (script == USCRIPT_CYRILLIC) return best_of(kCyrillic, evidence, 1);
    if (script == USCRIPT_ARABIC) return best_of(kArabic, evidence, 1);
    if (script == USCRIPT_DEVANAGARI) return best_of(kDevanagari, evidence, 1);
    for (const auto& [known, language] : kScripts)
        if (known == script) return {language};
    // Of a few words one is enough, of a long text a loan word is not. Numbers are no words.
    const auto num_words =
        std::count_if(evidence.words.begin(), evidence.words.end(), [](const std::u32string& word) {
            return std::any_of(word.begin(), word.end(),
                               [](char32_t c) { return u_isalpha(static_cast<UChar32>(c)); });
        });
    return best_of(kLatin, evidence, num_words <= 5 ? 1 : 2);
}

}  // namespace vultus::pronunciation
