// The words behind SentenceSource: frequent ones, and some for each rare sound.
#pragma once

namespace vultus::speech_data::words {

inline constexpr const char* kNouns =
    "time year people way day man thing woman life child world school state family student group country "
    "problem hand part place case week company system program question work government number night point "
    "home water room mother area money story fact month lot right study book eye job word business issue "
    "side "
    "kind head house service friend father power hour game line end member law car city community name "
    "president team minute idea kid body information back parent face others level office door health person "
    "art war history party result change morning reason research girl guy moment air teacher force education "
    "foot boy age policy music market sense nation plan college interest death experience effect use class "
    "control field development role effort rate heart drug show leader light voice wife police mind price "
    "report decision son view town road arm difference value building action season society tax director "
    "position player record paper space ground form event official matter center couple site project "
    "activity star table need court oil half situation cost industry figure street image phone data picture "
    "practice piece land product doctor wall patient worker news test movie north love step tooth mouth path "
    "garage measure treasure beige vision leisure pleasure joy toy boy noise coin point soil oyster chair "
    "church watch judge bridge bridge jacket thumb thief bath cloth breath mother feather leather weather "
    "king "
    "ring song thing bank uncle finger zoo zebra rose puzzle fox box ship sheep shoe sugar ocean wood wolf "
    "bush push book cook bull";
inline constexpr const char* kVerbs =
    "have do say get make go know take see come think look want give use find tell ask work seem feel try "
    "leave call keep let begin help talk turn start show hear play run move like live believe hold bring "
    "happen write provide sit stand lose pay meet include continue set learn change lead understand watch "
    "follow stop create speak read allow add spend grow open walk win offer remember love consider appear "
    "buy "
    "wait serve die send expect build stay fall cut reach kill remain suggest raise pass sell require report "
    "decide pull break push choose enjoy join employ avoid annoy measure treasure breathe soothe bathe "
    "choose "
    "judge change shave weave";
inline constexpr const char* kAdjectives =
    "good new first last long great little own other old right big high different small large next early "
    "young important few public bad same able true blue green red white black brown yellow purple grey warm "
    "cold quick slow heavy light loud quiet deep shallow smooth rough bright dark thick thin narrow wide "
    "cheap rich poor empty full round square sharp dull strange usual casual foolish childish English Dutch "
    "foreign ancient huge fresh rare pure cruel loyal royal joyful moist poisonous vague beige";
inline constexpr const char* kSmall =
    "the of and to in is that it was for on are as with his they at be this from I have or by one had not "
    "but "
    "what all were when we there can an your which their said if do will each about how up out them then she "
    "many some so these would other into has more her two like him see could no make than first been its who "
    "now my made over did down only way find use may long little very after words called just where most "
    "know";
inline constexpr const char* kSounds =
    "azure seizure closure usual visual treasure genre mirage thatch thrift throng both loathe either "
    "neither "
    "wharf whim swim quick quilt queen yawn yacht yellow unit cute few view pew hew mew oil boil spoil enjoy "
    "hoist void chew chime church much such ledge gauge jug gin singer hanger longing bangle good hood would "
    "could should full bull wool foot soot mob bomb bump pump mumble bubble people apple pop papa mama baby "
    "bumpy beep peep map tab rib lamb limb warm boom womb fifth five vivid valve wave wolf fluff loving "
    "thirsty bird word earth urgent nerve turn hour power tower cow house mouse loud shout show low grow "
    "bone "
    "phone toe go no paw law saw caught bought ball small";
inline constexpr const char* kTemplates[] = {
    "the A N and the A N V at the N",
    "we V the N because they V A N",
    "I V that the N of the N is A",
    "can you V the N before # o'clock",
    "she said W to the A N yesterday",
    "my N has # A N and # N",
    "please V my N, the A one with the W",
    "there were # people in the A N",
    "he will V it if you V the N for W",
    "what a A N this is",
    "in # they V the first N of W",
    "no, I don't V the W, I V the N",
    "both N and N V in the A W",
    "the N V over the N, under the N and into the W",
    "how many N can a A N V",
    "they've always V with a W and a A N",
    "it was the A A N that we V",
    "good morning, my name is W W",
    "thank you, the N is A enough",
    "V the N now, then V the W",
    "you should never V a A W with your N",
    "on the # of May the N was A",
    "A N, A N, A N",
    "the number is # or perhaps #",
};

struct Language {
    const char* voice;  ///< espeak-ng's name
    const char* words;
};

inline constexpr Language kLanguages[] = {
    {"de",
     "der die das und ich nicht ein eine ist wir sie haben werden auch schon schön möchte Mädchen Straße "
     "Haus "
     "Zeit Jahr Kind Wasser Brot Apfel Pferd Schule sprechen Buch Nacht Licht Küche über für früh müde grün "
     "Tür "
     "fünf zwölf hören König Löffel Vögel Freund neu heute Leute Feuer Baum laufen Auge kaufen mein zwei "
     "drei "
     "Arbeit Woche machen suchen lachen Fenster Vater Mutter Bruder Schwester Stadt Land Sonne Regen Winter "
     "Sommer gehen kommen sehen fahren bringen denken wissen lange klein groß gut schlecht Jahrhundert "
     "Entschuldigung zusammen zwischen Zukunft Wirtschaft Geschichte"},
    {"es",
     "el la los las un una y que de en no es por para con como pero más todo este año día hombre mujer niño "
     "casa agua mano ojo tiempo vida mundo país ciudad calle guerra trabajo lugar noche mañana perro gato "
     "caballo pájaro árbol cielo lluvia fuego rojo verde azul blanco negro grande pequeño viejo joven nuevo "
     "bueno feliz hacer decir ver dar saber querer llegar pasar poner parecer creer hablar llevar seguir "
     "encontrar llamar venir pensar salir volver jugar guitarra queso chocolate muchacho zapato corazón "
     "ejército general jardín juego siglo iglesia"},
    {"fr",
     "le la les un une et que de dans ne pas est pour avec comme mais plus tout cette année jour homme femme "
     "enfant maison eau main oeil temps vie monde pays ville rue guerre travail lieu nuit matin chien chat "
     "cheval oiseau arbre ciel pluie feu rouge vert bleu blanc noir grand petit vieux jeune nouveau bon "
     "heureux "
     "faire dire voir donner savoir vouloir arriver passer mettre croire parler porter suivre trouver "
     "appeler "
     "venir penser sortir jouer jardin fromage chocolat garçon chaussure coeur église lune plume deux huit "
     "juillet montagne champagne un bon vin blanc soleil feuille peur"},
    {"it",
     "il la lo gli le un una e che di in non è per con come ma più tutto questo anno giorno uomo donna "
     "bambino "
     "casa acqua mano occhio tempo vita mondo paese città strada guerra lavoro notte mattina cane gatto "
     "cavallo "
     "uccello albero cielo pioggia fuoco rosso verde azzurro bianco nero grande piccolo vecchio giovane "
     "nuovo "
     "buono felice fare dire vedere dare sapere volere arrivare passare mettere credere parlare portare "
     "seguire trovare chiamare venire pensare giocare famiglia figlio bagno montagna formaggio ghiaccio "
     "chiesa scuola pesce sciare zucchero pizza mezzo ragazzo"},
    {"pt-br",
     "o a os as um uma e que de em não é por para com como mas mais todo este ano dia homem mulher menino "
     "casa "
     "água mão olho tempo vida mundo país cidade rua guerra trabalho lugar noite manhã cachorro gato cavalo "
     "pássaro árvore céu chuva fogo vermelho verde azul branco preto grande pequeno velho jovem novo bom "
     "feliz "
     "fazer dizer ver dar saber querer chegar passar pôr achar falar levar seguir encontrar chamar pensar "
     "coração igreja queijo chocolate tio leite gente cheio filho minha amanhã pão irmã"},
    {"ru",
     "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой год человек время "
     "дело жизнь день рука раз работа слово место лицо друг глаз вопрос дом сторона страна мир случай голова "
     "ребёнок сила конец вид система город отношение женщина земля деньги машина вода отец час дверь нога "
     "мать ночь стол улица вечер школа книга хороший большой новый старый белый чёрный красный жить знать "
     "стать говорить думать смотреть спросить щука жук шуба цирк чай объём выше ещё люблю"},
    {"ar",
     "في من على إلى هذا التي كان عن مع كل بعد قبل بين يوم سنة رجل امرأة ولد بنت بيت ماء يد عين وقت حياة عالم "
     "بلد مدينة شارع حرب عمل مكان ليل صباح كلب قطة حصان طائر شجرة سماء مطر نار أحمر أخضر أزرق أبيض أسود كبير "
     "صغير قديم جديد جيد سعيد فعل قال رأى أعطى عرف أراد وصل وضع تكلم حمل وجد دعا جاء فكر خرج لعب قلب خبز شمس "
     "قمر كتاب مدرسة باب شباك طويل غرفة خوف ذهب ثلاثة حليب"},
    {"hi",
     "और का की के में है से को पर यह वह एक हम तुम मैं नहीं क्या साल दिन आदमी औरत बच्चा घर पानी हाथ आँख समय जीवन "
     "दुनिया देश शहर सड़क काम जगह रात सुबह कुत्ता बिल्ली घोड़ा पक्षी पेड़ आसमान बारिश आग लाल हरा नीला सफेद काला "
     "बड़ा छोटा पुराना नया अच्छा खुश करना कहना देखना देना जानना चाहना पहुँचना बोलना मिलना आना सोचना खेलना दिल रोटी "
     "सूरज चाँद किताब स्कूल दरवाज़ा लंबा भाई बहन माता पिता ठंडा गरम फूल झील ढोल धन छह"},
    {"cmn-latn-pinyin",
     "wo3 ni3 ta1 men5 de5 shi4 bu4 zai4 you3 ren2 zhe4 zhong1 da4 lai2 shang4 guo2 ge4 dao4 shuo1 wei4 zi5 "
     "he2 "
     "ye3 chu1 dui4 sheng1 neng2 er2 hui4 jia1 ke3 xia4 guo4 tian1 qu4 duo1 ran2 yu2 xin1 xue2 me5 zhi1 hao3 "
     "kan4 qi3 fa1 dang1 mei2 cheng2 zhi3 ru2 shi4 ba3 hai2 yong4 di4 yi1 dian3 dong4 xiang3 yi4 si4 wu3 "
     "liu4 "
     "qi1 ba1 jiu3 shi2 shui3 huo3 shan1 yue4 ri4 nv3 er3 kou3 shou3 mu4 che1 ma3 niao3 yu2 cha2 fan4 bai2 "
     "hei1 "
     "hong2 lv4 lan2 chuang1 men2 xiong2 juan3 qun2 pang2 feng1 zui3"},
    {"nl",
     "de het een en ik niet wij zij hebben worden ook mooi meisje straat huis tijd jaar kind water brood "
     "appel "
     "paard school spreken boek nacht licht keuken over voor vroeg moe groen deur vijf twaalf horen koning "
     "lepel vogel vriend nieuw vandaag mensen vuur boom lopen oog kopen mijn twee drie werk week maken "
     "zoeken "
     "lachen venster vader moeder broer zuster stad land zon regen winter zomer gaan komen zien rijden "
     "brengen "
     "denken weten lang klein groot goed slecht gezellig schrijven ui muis leuk"},
    {"tr",
     "ve bir bu da için çok ben sen o biz ne gibi daha kadar sonra yıl gün adam kadın çocuk ev su el göz "
     "zaman "
     "hayat dünya ülke şehir sokak savaş iş yer gece sabah köpek kedi at kuş ağaç gök yağmur ateş kırmızı "
     "yeşil "
     "mavi beyaz siyah büyük küçük eski genç yeni iyi mutlu yapmak demek görmek vermek bilmek istemek gelmek "
     "koymak konuşmak bulmak düşünmek oynamak kalp ekmek güneş ay kitap okul kapı uzun üç dört yüz süt çiçek "
     "ağır ışık ölüm öğretmen"},
    {"pl",
     "i w nie na ja być on z co a po to ona ten do ale oni my cały który rok człowiek czas życie dzień ręka "
     "praca słowo miejsce twarz przyjaciel oko pytanie dom strona kraj świat głowa dziecko siła koniec "
     "miasto "
     "kobieta ziemia pieniądze samochód woda ojciec godzina drzwi noga matka noc stół ulica wieczór szkoła "
     "książka dobry duży nowy stary biały czarny czerwony żyć wiedzieć mówić myśleć patrzeć pytać cześć "
     "żółty "
     "chrząszcz pięć sześć dziękuję mąż lubić"},
};

}  // namespace vultus::speech_data::words
