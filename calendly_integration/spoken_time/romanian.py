"""The Romanian vocabulary, without diacritics: kind and value, then the phrases."""

from .terms import Kind, Vocabulary

WORDS = """
NUMBER 0: zero
NUMBER 1: unu | una
NUMBER 2: doi | doua
NUMBER 3: trei
NUMBER 4: patru
NUMBER 5: cinci
NUMBER 6: sase
NUMBER 7: sapte
NUMBER 8: opt
NUMBER 9: noua
NUMBER 10: zece
NUMBER 11: unsprezece | unspe | unspce
NUMBER 12: doisprezece | douasprezece | doispe | douaspe
NUMBER 13: treisprezece | treispe
NUMBER 14: paisprezece | patrusprezece | paispe
NUMBER 15: cincisprezece | cincispe | cinspe | cinsprezece
NUMBER 16: saisprezece | saispe | sasesprezece
NUMBER 17: saptesprezece | saptespe | saptispe
NUMBER 18: optsprezece | optispe | optspe
NUMBER 19: nouasprezece | nouaspe
NUMBER 20: douazeci
NUMBER 30: treizeci | treij
NUMBER 40: patruzeci
NUMBER 50: cincizeci | cinzeci | cincij
NUMBER 101: intai | intii | prima | primul
MONTH 1: ianuarie | ian
MONTH 2: februarie | feb | febr
MONTH 3: martie | mart | mar
MONTH 4: aprilie | apr
MONTH 5: mai
MONTH 6: iunie | iun
MONTH 7: iulie | iul
MONTH 8: august | aug
MONTH 9: septembrie | sept | sep
MONTH 10: octombrie | oct
MONTH 11: noiembrie | nov | noe
MONTH 12: decembrie | dec
WEEKDAY 0: luni
WEEKDAY 1: marti
WEEKDAY 2: miercuri
WEEKDAY 3: joi
WEEKDAY 4: vineri
WEEKDAY 5: sambata | simbata
WEEKDAY 6: duminica
WEEKDAY 10: lunea | lunile
WEEKDAY 11: martea | martile
WEEKDAY 12: miercurea
WEEKDAY 13: joia | joile
WEEKDAY 14: vinerea | vinerile
WEEKDAY 15: sambetele
WEEKDAY 16: duminicile
RELATIVE_DAY 0: azi | astazi | ziua de azi | ziua de astazi
RELATIVE_DAY 1: maine | miine | ziua de maine
RELATIVE_DAY 2: poimaine | poimiine | ziua de poimaine
RELATIVE_DAY 3: raspoimaine
PAST_TIME: ieri | alaltaieri | aseara | ieri seara | ieri dimineata
UNIT minute: minut | minute | min | minutele
UNIT hour: ore | ceas | ceasuri
UNIT day: zi | zile | ziua | zilele
UNIT week: saptamana | saptamani | saptamanii | saptamanile | saptamina | saptamini
UNIT month: luna | lunii
HOUR_WORD: ora
WHICH next: viitoare | viitor | viitoarea | viitorul | viitorului | urmatoare | urmator | urmatoarea |
    urmatorul | urmatoarele | urmatorii | in urmatoarele | in urmatorii
WHICH coming: care vine | ce vine | asta care vine | aceasta care vine | asta ce vine
WHICH this: asta | aceasta | acesta | acestei | astea | curenta
WHICH last: trecuta | trecut
WEEK_AFTER_NEXT: saptamana de dupa saptamana viitoare | saptamana de dupa cea viitoare
WEEKEND: weekend | weekendul | weekendului | week end | sfarsit de saptamana liber
WORKDAYS: zile lucratoare | zi lucratoare | zilele lucratoare | zi de lucru | zile de lucru | zilele de
    lucru
PART early_morning: dimineata devreme | devreme dimineata | dis de dimineata | dimineata foarte devreme | de
    dimineata devreme | foarte devreme dimineata | dimineata cat mai devreme | devreme de dimineata
PART first_thing: prima ora | la prima ora | prima ora a diminetii | la prima ora a diminetii | dimineata la
    prima ora
PART morning: dimineata | dimineti | diminetile | de dimineata | in cursul diminetii | in timpul diminetii |
    diminetii
PART midday: pranz | pranzul | pranzului | ora pranzului | ora de pranz | pauza de pranz | masa de pranz |
    de pranz
NOON ambiguous: amiaza | amiazi | miezul zilei | namiaza | amiezii | amiezi
PART afternoon: dupa amiaza | dupa amiezi | dupa amiezile | dupa masa | dupa mese | dupamasa | dupaamiaza |
    dupamiaza | in cursul dupa amiezii
PART evening: seara | seri | serile | de seara | serii
PART night: noaptea | noapte | nopti | noptile | din noapte
PART end_of_day: sfarsitul zilei | finalul zilei | sfarsit de zi | final de zi
TONIGHT evening: diseara | deseara | asta seara | seara asta | in seara asta | seara aceasta | in seara
    aceasta | in aceasta seara | aceasta seara
TONIGHT night: la noapte | noaptea asta | in noaptea asta | noaptea aceasta
UNKNOWN night: azi noapte | asta noapte
MIDNIGHT: miezul noptii | miez de noapte
PORTION start: inceputul | inceput | inceput de | inceputul lui | inceputului | debutul
PORTION middle: mijlocul | mijloc de | mijlocul lui | jumatatea lui | jumatatea lunii | jumatatea
PORTION end: sfarsitul | sfarsit | sfarsit de | sfarsitul lui | finalul | final | final de | finalul lui |
    capatul | finele
SHARP: fix | punct | la fix
MERIDIEM am: am
MERIDIEM pm: pm
HALF: jumatate | jumate | juma
QUARTER 1: sfert | un sfert
QUARTER 3: trei sferturi
LESS: fara
AT: la | pe la | cam pe la | cam la | la ora | pe la ora | cam pe la ora | cam la ora | orele | la orele |
    in jurul orei | in jurul orelor | in jur de ora | in jur de | in jurul | la ceasurile | pe la orele
ON: pe | in data de | pe data de | data de | ziua de | in ziua de | pe ziua de | data | in data | pe data |
    zilei de | in zilele de | zilele de | in ziua | zilelor de
IN: in
WITHIN: in decurs de | in termen de | in cel mult | in maxim | in maximum | in interval de
FOR: pentru | timp de | vreme de | pt | ptr
OF: ale | al | a | lui | din luna
DE: de | din
ARTICLE: o | un
FROM loose: de la | de la ora | de la orele
FROM: incepand de | incepand cu | incepand din | incepand de la | incepand | nu inainte de | nu mai devreme
    de | nicidecum inainte de | cel mai devreme la | cel mai devreme de la | nu mai repede de | nu inainte
    de ora | nu mai devreme de ora | incepand cu ora | incepand de la ora | cel mai devreme de | nu inaintea
AFTER: dupa | dupa ora | dupa orele | mai tarziu de | mai tarziu de ora | trecut de | trecute de | mai
    incolo de | ulterior
BEFORE: inainte de | inainte de ora | mai devreme de | mai devreme de ora | inaintea | inaintea orei |
    inainte de orele
UNTIL: pana | pana la | pana in | pana la ora | pana de | cel tarziu la | cel mai tarziu la | cel tarziu
    pana la | nu mai tarziu de | nu mai tarziu de ora | pana la orele | cel tarziu pana | cel mai tarziu
    pana | pana cel tarziu | pana inclusiv | pana cel tarziu la | pana cel mai tarziu | pana intr | cel
    tarziu in | nu mai tarziu
BETWEEN: intre | intre orele | intre ora | cuprins intre | in intervalul
ONWARDS: incolo | inainte | in sus | mai departe | in colo
OR_LATER: sau mai tarziu | ori mai tarziu | sau dupa aceea | sau dupa aia | sau mai incolo | sau ulterior
OR_EARLIER: sau mai devreme | ori mai devreme | sau mai repede
FROM_NOW: de acum | de acum incolo | de acuma
AGO: in urma
LATER: mai tarziu | mai incolo
EARLIER: mai devreme | mai repede
NOW: acum | acuma | chiar acum | in acest moment | acum imediat
OPEN: nu conteaza data | toata ziua | am o urgenta | e o urgenta | este o urgenta | urgenta | indiferent
    cand | indiferent de zi | indiferent de ora | indiferent | oricare | oricand | cand vreti | cand doriti
    | cand puteti | cand aveti liber | cand aveti loc | cand aveti | cat mai repede | cat mai curand | cat
    mai devreme | cat mai repede posibil | cat mai curand posibil | cat mai devreme posibil | cat de repede
    se poate | cat de curand se poate | cat de repede | cat de curand | primul loc liber | prima ora libera
    | primul loc | primul loc disponibil | primul interval liber | primul interval disponibil | prima
    programare | prima programare libera | prima programare disponibila | cel mai devreme posibil | cel mai
    repede | cel mai curand | cel mai repede posibil | cel mai curand posibil | urgent | de urgenta | e
    urgent | este urgent | imediat | cat se poate de repede | cat se poate de curand | cat se poate de
    devreme | imi e indiferent | mi e indiferent | imi este indiferent | mi e totuna | mi e egal | nu
    conteaza | nu conteaza cand | nu conteaza ora | nu conteaza ziua | nu am preferinte | n am preferinte |
    nu am nicio preferinta | cand se poate | cand e liber | cand este liber | cand aveti disponibil | cand
    aveti disponibilitate | prima disponibilitate | zilnic | primul moment liber | prima ocazie | cu prima
    ocazie | prima data libera | primul slot | primul slot liber | cand va convine | cand vrei | cand poti |
    cand ai liber | la prima ocazie | orice ora | orice zi | in orice zi | la orice ora | in fiecare zi |
    orice moment | oricare zi | oricare ora | in orice moment | prima zi libera | prima zi disponibila |
    primul termen | primul termen liber | asap | cat mai rapid | cat mai rapid posibil | cel mai rapid | cel
    mai apropiat termen | orice zi si ora | orice zi la orice ora | cand o fi | cand vreti dumneavoastra |
    cand puteti dumneavoastra | cand vi se potriveste | cand va este comod | cand vreti voi | orice data |
    primul liber | cea mai apropiata ora | cea mai apropiata data
ANY: orice | fiecare | in fiecare | in orice | oricarei | toate
OR: sau | ori | fie | sau poate | ori poate | sau eventual | sau mai bine zis | ori eventual
AND: si | plus | precum si | cat si | & | si eventual
BUT: dar | insa | ci | totusi | iar
NOT: in afara de | in afara | cu exceptia | exceptand | mai putin | afara de | numai nu | doar nu | decat nu
    | exclus | exclusiv nu | nu si | cu exceptia zilei de | in afara zilei de | nici intr un caz | in niciun
    caz | niciodata | sa nu fie | nu vreau | n as vrea | nu as vrea | exceptie | cu exceptia zilelor de | nu
    as prefera | evitand | evit | sa evitam | as evita | in niciun caz nu | nu cumva | numai sa nu fie | nu
    doresc | n as prefera
UNAVAILABLE: nu pot | nu pot veni | nu pot sa vin | nu pot ajunge | nu pot sa ajung | nu mi convine | nu imi
    convine | nu merge | nu mi merge | nu e bine | nu este bine | nu sunt liber | nu sunt libera | nu sunt
    disponibil | nu sunt disponibila | nu am timp | n am timp | sunt ocupat | sunt ocupata | nu am liber |
    nu se poate | imi e imposibil | nu reusesc | nu reusesc sa ajung | nu ajung | nu am cum | n am cum |
    sunt plecat | sunt plecata | nu as putea | n as putea | nu putem | nu mi e bine | nu imi merge | nu mi
    convine deloc | nu pot deloc | mi e imposibil | nu mi se potriveste | e exclus | nu iese | nu mi iese |
    nu e ok | nu e posibil | nu mi este posibil
AVAILABLE: pot | da | merge | convine | imi convine | mi convine | e bine | este bine | e ok | e in regula |
    e perfect | as putea | se poate | ar merge | ar fi bine | e mai bine | va fi bine | imi merge | pot sa
    vin | pot veni | sunt liber | sunt libera | e in ordine | sunt disponibil | sunt disponibila | putem
CORRECTION: de fapt | ba nu | ba | nu stai | nu stati | stai | stati | stai asa | scuze | scuzati | scuzati
    ma | pardon | mai bine | mai degraba | sau nu | nu scuze | nu pardon | mai bine zis | iertati ma | ma
    corectez | nu nu | a nu | ah nu | o nu
THAT_IS: adica | respectiv
LIGHT: deloc | aa | aaa | ah | uh | hm | hmm | mm | mmm | eh | e | ei | cumva | aia | cea | cam | vreo |
    aproximativ | circa | undeva | eventual
NOT plain: nu
NOT instead: in loc de | in locul | in loc sa fie
NOUN: programare | programarea | programari | intalnire | intalnirea | intilnire | intalniri | sedinta |
    sedinte | discutie | discutia | apel | apelul | consultatie | consultatia | vizita | demo | demonstratie
    | call | meeting | loc | locuri | interval | intervalul | rezervare | varianta | variante | optiune
MOVE: muta | mut | mutam | mutati | schimba | schimb | schimbam | reprogramez | reprograma | reprogramam |
    reprogramati | amana | aman | amanam | decalez | decala | mutarea | reprogramare | reprogramarea | o
    reprogramare
UNKNOWN busy: am program | am sedinta | am intalnire | am o sedinta | am o intalnire | am treaba | am
    treburi | am o alta | am de lucru | am cursuri | am o programare | am programare | am deja | deja | am
    ceva | lucrez | sunt la munca | am curs | am ore | vinerea mare | vinerea neagra | joia mare | lunea
    mare | martea mare | miercurea mare | sambata mare | lunea luminata | duminica floriilor | duminica
    pastelui | sambata lui lazar | una din zile | una dintre zile | intr una din zile | intr una din zilele
    | una din zilele | una dintre
PART after_lunch: dupa masa de pranz | dupa pranz
OF month: a lunii | ale lunii
IN ahead: intr | intru | peste
UNTIL edge: cel tarziu | cel mai tarziu
FROM edge: cel mai devreme | cel devreme
NOT neither: nici
FILLER have: ai
FILLER something: ceva
FILLER: pai | pai deci | deci | ok | okay | bine | ba da | sigur | desigur | te rog | va rog frumos | rog |
    multumesc | mersi | multam | multumesc frumos | multumesc mult | salut | salutare | alo | buna | buna
    ziua | buna seara | buna dimineata | buna dimineata tuturor | noapte buna | neata | o zi buna | zi buna
    | o seara buna | seara buna | la revedere | o seara frumoasa | o zi frumoasa | sarut mana | as | vrea |
    vreau | vrem | voi | doresc | dori | dorim | putea | puteti | poate | poti | se | sa | ne | vedem | vad
    | vedea | vin | veni | venim | vina | ma | mi | imi | va | ar | fi | este | sunt | suntem | mergem |
    potrivit | potriveste | vreun | vreunul | daca se poate | daca e posibil | daca este posibil | daca
    aveti | daca puteti | daca va convine | daca e ok | daca nu va suparati | daca nu e prea mult | posibil
    | cel mai bine | ideal | ideal ar fi | perfect | excelent | super | numai | doar | atunci | hai | haide
    | haideti | hai sa | sa zicem | zicem | zic | spunem | spun | uite | uitati | stiu | stiti | nu stiu |
    cred | cred ca | parca | ca | ce | cum | cand | programez | programati | programam | rezerv | rezerva |
    rezervati | rezervam | intalnim | intalni | discutam | discuta | vorbim | vorbi | vorbesc | liber |
    libera | libere | liberi | disponibil | disponibila | disponibile | disponibilitate | aveti | ati | avea
    | avem | aveam | am timp | timp | prefer | prefera | preferabil | de preferat | preferinta | plac |
    placea | mie | mine | dumneavoastra | noi | eu | si eu | tu | mi ar placea | oare | aici | acolo | asa |
    asa ceva | intr o zi | candva | cat | unu la unu | unul la unul | de asemenea | va convine | convenabil
    | comod | ok ar fi | bun | buna ora | de ce nu | hai ca | facem | face | fac | faca | facut | pune | pun
    | punem | puneti | pui | lasam | las | lasati | raman | ramane | ramanem | fixam | fixa | stabilim |
    stabili | stabilit | incerc | incercam | incearca | asta ar fi | s | m | n | l | i | le | il | iti | iti
    convine | te | tine | mea | meu | nostru | noastra | acea | acel | exact | bineinteles | sincer | na |
    mai ales | cel mai | cea mai bine | gasim | gasesc | gasiti | gasi | exista | primiti | primi | domnule
    | doamna | domnu | telefonic | telefon | online | video | trebui | trebuie | ajung | ajunge | intalnirii
    | sedintei | programarii | catre | macar | pai da | m ar interesa | interesa | intereseaza | intrebam |
    intreb | intrebare | nu s ar putea | n ati avea | nu aveti | nu aveti cumva | n aveti | n aveti cumva |
    nu ati avea | nu ati avea cumva | n ati avea cumva | nu s ar putea cumva | nu se poate cumva | tocmai |
    nu e asa | nu i asa | optiunea | optim | gata | in regula | regula | totul | multe | sanatate | zi mi |
    spune mi | spuneti mi | consult | ora aceea | cu | dl | dna | cineva | echipa | consultant |
    consultantul | doctorul | medicul | doctor | medic | control | lucrati | daca lucrati | sunteti deschisi
    | aveti deschis | daca aveti deschis | inclusiv | ce ore aveti | ce ore | la ce ora | ce zi | ce zile |
    ce zile aveti | daca e cu putinta | sa fie | sa fie pe | sa fie la | ar fi | neaparat | chiar | prea |
    va rog | conveni | mi ar conveni | mi ar conveni cel mai bine | v ar conveni | ar conveni | strecura |
    strecurati | ma puteti strecura | incadra
"""

ROMANIAN = Vocabulary("ro", WORDS, tens_joined_by=Kind.AND)
