"""The Romanian vocabulary, without diacritics."""

from .fillers import ROMANIAN_FILLERS
from .terms import Kind, Vocabulary

NUMBERS = (
    "zero",
    "unu|una",
    "doi|doua",
    "trei",
    "patru",
    "cinci",
    "sase",
    "sapte",
    "opt",
    "noua",
    "zece",
    "unsprezece|unspe|unspce",
    "doisprezece|douasprezece|doispe|douaspe",
    "treisprezece|treispe",
    "paisprezece|patrusprezece|paispe",
    "cincisprezece|cincispe|cinspe|cinsprezece",
    "saisprezece|saispe|sasesprezece",
    "saptesprezece|saptespe|saptispe",
    "optsprezece|optispe|optspe",
    "nouasprezece|nouaspe",
    "douazeci",
)
MONTHS = (
    "ianuarie|ian",
    "februarie|feb|febr",
    "martie|mart|mar",
    "aprilie|apr",
    "mai",
    "iunie|iun",
    "iulie|iul",
    "august|aug",
    "septembrie|sept|sep",
    "octombrie|oct",
    "noiembrie|nov|noe",
    "decembrie|dec",
)
WEEKDAYS = ("luni", "marti", "miercuri", "joi", "vineri", "sambata|simbata", "duminica")
EACH_WEEKDAY = (
    "lunea|lunile",
    "martea|martile",
    "miercurea",
    "joia|joile",
    "vinerea|vinerile",
    "sambetele",
    "duminicile",
)

ROMANIAN = Vocabulary(
    "ro",
    (
        *((Kind.NUMBER, number, words) for number, words in enumerate(NUMBERS)),
        (Kind.NUMBER, 30, "treizeci | treij"),
        (Kind.NUMBER, 40, "patruzeci"),
        (Kind.NUMBER, 50, "cincizeci | cinzeci | cincij"),
        (Kind.NUMBER, 101, "intai | intii | prima | primul"),
        *((Kind.MONTH, number, words) for number, words in enumerate(MONTHS, 1)),
        *((Kind.WEEKDAY, number, words) for number, words in enumerate(WEEKDAYS)),
        *((Kind.WEEKDAY, number + 10, words) for number, words in enumerate(EACH_WEEKDAY)),
        (Kind.RELATIVE_DAY, 0, "azi | astazi | ziua de azi | ziua de astazi"),
        (Kind.RELATIVE_DAY, 1, "maine | miine | ziua de maine"),
        (Kind.RELATIVE_DAY, 2, "poimaine | poimiine | ziua de poimaine"),
        (Kind.RELATIVE_DAY, 3, "raspoimaine"),
        (Kind.PAST_TIME, 0, "ieri | alaltaieri | aseara | ieri seara | ieri dimineata"),
        (Kind.UNIT, "minute", "minut | minute | min | minutele"),
        (Kind.UNIT, "hour", "ore | ceas | ceasuri"),
        (Kind.UNIT, "day", "zi | zile | ziua | zilele"),
        (
            Kind.UNIT,
            "week",
            """
            saptamana | saptamani | saptamanii | saptamanile | saptamina | saptamini
        """,
        ),
        (Kind.UNIT, "month", "luna | lunii"),
        (Kind.HOUR_WORD, 0, "ora"),
        (
            Kind.WHICH,
            "next",
            """
            viitoare | viitor | viitoarea | viitorul | viitorului | urmatoare | urmator | urmatoarea |
            urmatorul | urmatoarele | urmatorii | in urmatoarele | in urmatorii
        """,
        ),
        (
            Kind.WHICH,
            "coming",
            """
            care vine | ce vine | asta care vine | aceasta care vine | asta ce vine
        """,
        ),
        (Kind.WHICH, "this", "asta | aceasta | acesta | acestei | astea | curenta"),
        (Kind.WHICH, "last", "trecuta | trecut"),
        (Kind.WEEK_AFTER_NEXT, 0, "saptamana de dupa saptamana viitoare | saptamana de dupa cea viitoare"),
        (
            Kind.WEEKEND,
            0,
            """
            weekend | weekendul | weekendului | week end | sfarsit de saptamana liber
        """,
        ),
        (
            Kind.WORKDAYS,
            0,
            """
            zile lucratoare | zi lucratoare | zilele lucratoare | zi de lucru | zile de lucru | zilele de
            lucru
        """,
        ),
        (
            Kind.PART,
            "early_morning",
            """
            dimineata devreme | devreme dimineata | dis de dimineata | dimineata foarte devreme | de
            dimineata devreme | foarte devreme dimineata | dimineata cat mai devreme | devreme de dimineata
        """,
        ),
        (
            Kind.PART,
            "first_thing",
            """
            prima ora | la prima ora | prima ora a diminetii | la prima ora a diminetii | dimineata la prima
            ora
        """,
        ),
        (
            Kind.PART,
            "morning",
            """
            dimineata | dimineti | diminetile | de dimineata | in cursul diminetii | in timpul diminetii |
            diminetii
        """,
        ),
        (
            Kind.PART,
            "midday",
            """
            pranz | pranzul | pranzului | ora pranzului | ora de pranz | pauza de pranz | masa de pranz | de
            pranz
        """,
        ),
        (Kind.NOON, "ambiguous", "amiaza | amiazi | miezul zilei | namiaza | amiezii | amiezi"),
        (
            Kind.PART,
            "afternoon",
            """
            dupa amiaza | dupa amiezi | dupa amiezile | dupa masa | dupa mese | dupamasa | dupaamiaza |
            dupamiaza | in cursul dupa amiezii
        """,
        ),
        (Kind.PART, "evening", "seara | seri | serile | de seara | serii"),
        (Kind.PART, "night", "noaptea | noapte | nopti | noptile | din noapte"),
        (Kind.PART, "end_of_day", "sfarsitul zilei | finalul zilei | sfarsit de zi | final de zi"),
        (
            Kind.TONIGHT,
            "evening",
            """
            diseara | deseara | asta seara | seara asta | in seara asta | seara aceasta | in seara aceasta |
            in aceasta seara | aceasta seara
        """,
        ),
        (Kind.TONIGHT, "night", "la noapte | noaptea asta | in noaptea asta | noaptea aceasta"),
        (Kind.UNKNOWN, "night", "azi noapte | asta noapte"),
        (Kind.MIDNIGHT, 0, "miezul noptii | miez de noapte"),
        (
            Kind.PORTION,
            "start",
            """
            inceputul | inceput | inceput de | inceputul lui | inceputului | debutul
        """,
        ),
        (Kind.PORTION, "middle", "mijlocul | mijloc de | mijlocul lui | jumatatea lui | jumatatea lunii"),
        (
            Kind.PORTION,
            "end",
            """
            sfarsitul | sfarsit | sfarsit de | sfarsitul lui | finalul | final | final de | finalul lui |
            capatul | finele
        """,
        ),
        (Kind.SHARP, 0, "fix | punct | la fix"),
        (Kind.MERIDIEM, "am", "am"),
        (Kind.MERIDIEM, "pm", "pm"),
        (Kind.HALF, 0, "jumatate | jumate | juma"),
        (Kind.QUARTER, 1, "sfert | un sfert"),
        (Kind.QUARTER, 3, "trei sferturi"),
        (Kind.LESS, 0, "fara"),
        (
            Kind.AT,
            0,
            """
            la | pe la | cam pe la | cam la | la ora | pe la ora | cam pe la ora | cam la ora | orele | la
            orele | in jurul orei | in jurul orelor | in jur de ora | in jur de | in jurul | la ceasurile |
            pe la orele
        """,
        ),
        (
            Kind.ON,
            0,
            """
            pe | in data de | pe data de | data de | ziua de | in ziua de | pe ziua de | data | in data | pe
            data | zilei de | in zilele de | zilele de | in ziua | zilelor de
        """,
        ),
        (Kind.IN, 0, "in"),
        (
            Kind.WITHIN,
            0,
            """
            in decurs de | in termen de | in cel mult | in maxim | in maximum | in interval de
        """,
        ),
        (Kind.FOR, 0, "pentru | timp de | vreme de | pt | ptr"),
        (Kind.OF, 0, "ale | al | a | lui | din luna"),
        (Kind.FILLER, "have", "ai"),
        (Kind.DE, 0, "de | din"),
        (Kind.ARTICLE, 0, "o | un"),
        (Kind.FROM, "loose", "de la | de la ora | de la orele"),
        (
            Kind.FROM,
            0,
            """
            incepand de | incepand cu | incepand din | incepand de la | incepand | nu inainte de | nu mai
            devreme de | nicidecum inainte de | cel mai devreme la | cel mai devreme de la | nu mai repede
            de | nu inainte de ora | nu mai devreme de ora | incepand cu ora | incepand de la ora | cel mai
            devreme de | nu inaintea
        """,
        ),
        (
            Kind.AFTER,
            0,
            """
            dupa | dupa ora | dupa orele | mai tarziu de | mai tarziu de ora | trecut de | trecute de | mai
            incolo de | ulterior
        """,
        ),
        (
            Kind.BEFORE,
            0,
            """
            inainte de | inainte de ora | mai devreme de | mai devreme de ora | inaintea | inaintea orei |
            inainte de orele
        """,
        ),
        (
            Kind.UNTIL,
            0,
            """
            pana | pana la | pana in | pana la ora | pana de | cel tarziu la | cel mai tarziu la | cel
            tarziu pana la | nu mai tarziu de | nu mai tarziu de ora | pana la orele | cel tarziu pana | cel
            mai tarziu pana | pana cel tarziu | pana inclusiv | pana cel tarziu la | pana cel mai tarziu |
            pana intr | cel tarziu in | nu mai tarziu
        """,
        ),
        (Kind.BETWEEN, 0, "intre | intre orele | intre ora | cuprins intre | in intervalul"),
        (Kind.ONWARDS, 0, "incolo | inainte | in sus | mai departe | in colo"),
        (
            Kind.OR_LATER,
            0,
            """
            sau mai tarziu | ori mai tarziu | sau dupa aceea | sau dupa aia | sau mai incolo | sau ulterior
        """,
        ),
        (Kind.OR_EARLIER, 0, "sau mai devreme | ori mai devreme | sau mai repede | sau inainte"),
        (Kind.FROM_NOW, 0, "de acum | de acum incolo | de acuma"),
        (Kind.AGO, 0, "in urma"),
        (Kind.LATER, 0, "mai tarziu | mai incolo"),
        (Kind.EARLIER, 0, "mai devreme | mai repede"),
        (Kind.NOW, 0, "acum | acuma | chiar acum | in acest moment | acum imediat"),
        (
            Kind.OPEN,
            0,
            """
            nu conteaza data | toata ziua | am o urgenta | e o urgenta | este o urgenta | urgenta |
            indiferent cand | indiferent de zi | indiferent de ora | indiferent | oricare | oricand | cand
            vreti | cand doriti | cand puteti | cand aveti liber | cand aveti loc | cand             aveti |
            cat mai repede | cat mai curand | cat mai devreme | cat mai repede posibil | cat mai
            curand posibil | cat mai devreme posibil | cat de repede se poate | cat de curand se poate | cat
            de repede | cat de curand | primul loc liber | prima ora libera | primul loc | primul loc
            disponibil | primul interval liber | primul interval disponibil | prima programare | prima
            programare libera | prima programare disponibila | cel mai devreme posibil | cel mai repede |
            cel mai curand | cel mai repede posibil | cel mai curand posibil | urgent | de urgenta | e
            urgent | este urgent | imediat | cat se poate de repede | cat se poate de curand | cat se poate
            de devreme | imi e indiferent | mi e indiferent | imi este indiferent | mi e totuna | mi e egal
            | nu conteaza | nu conteaza cand | nu conteaza ora | nu conteaza ziua | nu am preferinte | n am
            preferinte | nu am nicio preferinta | cand se poate | cand e liber | cand este liber | cand
            aveti disponibil | cand aveti disponibilitate | prima disponibilitate | zilnic | primul moment
            liber | prima ocazie | cu prima ocazie | prima data libera | primul slot | primul slot liber |
            cand va convine | cand vrei | cand poti | cand ai liber | la prima ocazie | orice ora | orice zi
            | in orice zi | la orice ora | in fiecare zi | orice moment | oricare zi | oricare ora | in
            orice moment | prima zi libera | prima zi disponibila | primul termen | primul termen liber |
            asap | cat mai rapid | cat mai rapid posibil | cel mai rapid | cel mai apropiat termen | orice
            zi si ora | orice zi la orice ora | cand o fi | cand vreti dumneavoastra | cand puteti
            dumneavoastra | cand vi se potriveste | cand va este comod | cand vreti voi | orice data |
            primul liber | cea mai apropiata ora | cea mai apropiata data
        """,
        ),
        (Kind.ANY, 0, "orice | fiecare | in fiecare | in orice | oricarei | toate"),
        (
            Kind.OR,
            0,
            """
            sau | ori | fie | sau poate | ori poate | sau eventual | sau mai bine zis | ori eventual
        """,
        ),
        (Kind.AND, 0, "si | plus | precum si | cat si | & | si eventual"),
        (Kind.BUT, 0, "dar | insa | ci | totusi | iar"),
        (
            Kind.NOT,
            0,
            """
            in afara de | in afara | cu exceptia | exceptand | mai putin | afara de | numai nu | doar nu |
            decat nu | exclus | exclusiv nu | nu si | cu exceptia zilei de | in afara zilei de | nici intr
            un caz | in niciun caz | niciodata | sa nu fie | nu vreau | n as vrea | nu as vrea | exceptie |
            cu exceptia zilelor de | nu as prefera | evitand | evit | sa evitam | as evita | in niciun caz
            nu | nu cumva | numai sa nu fie | nu doresc | n as prefera
        """,
        ),
        (
            Kind.UNAVAILABLE,
            0,
            """
            nu pot | nu pot veni | nu pot sa vin | nu pot ajunge | nu pot sa ajung | nu mi convine | nu imi
            convine | nu merge | nu mi merge | nu e bine | nu este bine | nu sunt liber | nu sunt libera |
            nu sunt disponibil | nu sunt disponibila | nu am timp | n am timp | sunt ocupat | sunt ocupata |
            nu am liber | nu se poate | imi e imposibil | nu reusesc | nu reusesc sa ajung | nu ajung | nu
            am cum | n am cum | sunt plecat | sunt plecata | nu as putea | n as putea | nu putem | nu mi e
            bine | nu imi merge | nu mi convine deloc | nu pot deloc | mi e imposibil | nu mi se potriveste
            | e exclus | nu iese | nu mi iese | nu e ok | nu e posibil | nu mi este posibil
        """,
        ),
        (
            Kind.AVAILABLE,
            0,
            """
            pot | da | merge | convine | imi convine | mi convine | e bine | este bine | e ok | e in regula
            | e perfect | as putea | se poate | ar merge | ar fi bine | e mai bine | va fi bine | imi merge
            | pot sa vin | pot veni | sunt liber | sunt libera | e in ordine | sunt disponibil | sunt
            disponibila | putem
        """,
        ),
        (
            Kind.CORRECTION,
            0,
            """
            de fapt | ba nu | ba | nu stai | nu stati | stai | stati | stai asa | scuze | scuzati | scuzati
            ma | pardon | mai bine | mai degraba | sau nu | nu scuze | nu pardon | mai bine zis | iertati ma
            | ma corectez | nu nu | a nu | ah nu | o nu
        """,
        ),
        (Kind.THAT_IS, 0, "adica | respectiv"),
        (
            Kind.LIGHT,
            0,
            """
            chiar | prea | deloc | aa | aaa | ah | uh | hm | hmm | mm | mmm | eh | e | ei | cumva | neaparat
            | aia | cea
        """,
        ),
        (Kind.FILLER, "something", "ceva"),
        (Kind.NOT, "plain", "nu"),
        (Kind.NOT, "instead", "in loc de | in locul | in loc sa fie"),
        (
            Kind.FILLER,
            "noun",
            """
            programare | programarea | programari | intalnire | intalnirea | intilnire | intalniri | sedinta
            | sedinte | discutie | discutia | apel | apelul | consultatie | consultatia | vizita | demo |
            demonstratie | call | meeting | loc | locuri | interval | intervalul | rezervare | varianta |
            variante | optiune
        """,
        ),
        (
            Kind.MOVE,
            0,
            """
            muta | mut | mutam | mutati | schimba | schimb | schimbam | reprogramez | reprograma |
            reprogramam | reprogramati | amana | aman | amanam | decalez | decala | mutarea
        """,
        ),
        (
            Kind.UNKNOWN,
            "busy",
            """
            am program | am sedinta | am intalnire | am o sedinta | am o intalnire | am treaba | am treburi
            | am o alta | am de lucru | am cursuri | am o programare | am programare | am deja | deja | am
            ceva | lucrez | sunt la munca | am curs | am ore
        """,
        ),
        (Kind.PART, "after_lunch", "dupa masa de pranz | dupa pranz"),
        (Kind.OF, "month", "a lunii | ale lunii"),
        (Kind.IN, "ahead", "intr | intru | peste"),
        (Kind.UNTIL, "edge", "cel tarziu | cel mai tarziu"),
        (Kind.FROM, "edge", "cel mai devreme | cel devreme"),
        (Kind.NOT, "neither", "nici"),
        (Kind.FILLER, 0, ROMANIAN_FILLERS),
    ),
    Kind.AND,
)
