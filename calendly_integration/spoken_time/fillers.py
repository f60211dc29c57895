"""Words that say nothing about when: politeness, hesitation, what the meeting is for. Without diacritics."""

ROMANIAN_FILLERS = """
    pai | pai deci | deci | ok | okay | bine | ba da | sigur | desigur | va rog | te rog | va rog
    frumos | rog | multumesc | mersi | multam | multumesc frumos | multumesc mult | salut | salutare
    | alo | buna | buna ziua | buna seara | buna dimineata | buna dimineata tuturor | noapte buna |
    neata | o zi buna | zi buna | o seara buna | seara buna | la revedere | o seara frumoasa | o zi
    frumoasa | sarut mana | as | vrea | vreau | vrem | voi | doresc | dori | dorim | putea | puteti
    | poate | poti | se | sa | ne | vedem | vad | vedea | vin | veni | venim | vina | ma | mi | imi
    | va | ar | fi | este | sunt | suntem | mergem | potrivit | potriveste | cam | undeva |
    aproximativ | circa | vreo | vreun | vreunul | daca se poate | daca e posibil | daca este
    posibil | daca aveti | daca puteti | daca va convine | daca e ok | daca nu va suparati | daca nu
    e prea mult | posibil | eventual | cel mai bine | ideal | ideal ar fi | perfect | excelent |
    super | numai | doar | atunci | hai | haide | haideti | hai sa | sa zicem | zicem | zic | spunem
    | spun | uite | uitati | stiu | stiti | nu stiu | cred | cred ca | parca | ca | ce | cum | cand
    | programez | programati | programam | rezerv | rezerva | rezervati | rezervam | intalnim |
    intalni | discutam | discuta | vorbim | vorbi | vorbesc | liber | libera | libere | liberi |
    disponibil | disponibila | disponibile | disponibilitate | aveti | ati | avea | avem | aveam |
    am timp | timp | prefer | prefera | preferabil | de preferat | preferinta | plac | placea | mie
    | mine | dumneavoastra | noi | eu | si eu | tu | mi ar placea | oare | aici | acolo | asa | asa
    ceva | intr o zi | candva | cat | unu la unu | unul la unul | de asemenea | va convine |
    convenabil | comod | ok ar fi | bun | buna ora | de ce nu | hai ca | facem | face | fac | faca |
    facut | pune | pun | punem | puneti | pui | lasam | las | lasati | raman | ramane | ramanem |
    fixam | fixa | stabilim | stabili | stabilit | incerc | incercam | incearca | asta ar fi | s | m
    | n | l | i | le | il | iti | iti convine | te | tine | mea | meu | nostru | noastra | acea |
    acel | exact | bineinteles | sincer | na | mai ales | cel mai | cea mai bine | gasim | gasesc |
    gasiti | gasi | exista | primiti | primi | domnule | doamna | domnu | telefonic | telefon |
    online | video | trebui | trebuie | ajung | ajunge | intalnirii | sedintei | programarii | catre
    | macar | pai da | m ar interesa | interesa | intereseaza | intrebam | intreb | intrebare | nu s
    ar putea | n ati avea | nu aveti | nu aveti cumva | n aveti | n aveti cumva | nu ati avea | nu
    ati avea cumva | n ati avea cumva | nu s ar putea cumva | nu se poate cumva | tocmai | nu e asa
    | nu i asa | optiunea | optim | gata | in regula | regula | totul | multe | sanatate | zi mi |
    spune mi | spuneti mi | consult | ora aceea | cu | dl | dna | cineva | echipa | consultant |
    consultantul | doctorul | medicul | doctor | medic | control | lucrati | daca lucrati | sunteti
    deschisi | aveti deschis | daca aveti deschis | inclusiv | ce ore aveti | ce ore | la ce ora |
    ce zi | ce zile | ce zile aveti | daca e cu putinta | sa fie | sa fie pe | sa fie la | ar fi
"""

ENGLISH_FILLERS = """
    so | then | for me | for us | for you | uhm | umm | ehm | aha | yeah | yep | yup | ok | okay |
    alright | all right | sure | right | great | fine | good | perfect | lovely | hi | hello | hey |
    hey there | hi there | there | good morning | good afternoon | good evening | good night | good
    day | have a good day | have a nice day | goodbye | bye | thanks | thank you | thanks a lot |
    thank you so much | cheers | please | pls | kindly | maybe | perhaps | possibly | probably |
    potentially | sort of | kind of | you know | i guess | i think | i suppose | i believe | lets
    say | lets see | let me see | let me think | lets | let us | say | how about | what about |
    would | shall | should | might | will | ill | id | i | im | ive | we | we will | you | youd |
    your | it | its | me | my | us | our | they | he | she | be | are | have | has | got | get |
    love | prefer | preferably | preferable | ideally | ideal | hopefully | rather | better for me |
    best | would like | id like | like to | want | want to | wanna | need | need to | needs | hope |
    hoping | hoping to | looking | looking to | looking for | wish | wanted | wanted to | wondering
    | wondering if | was wondering if | wonder | able to | able | try | trying | try to | trying to
    | come | come in | to come in | come by | swing by | pop in | drop in | stop by | come over |
    come see | coming in | make | make it | make an | put me down | put | pencil | pencil me in |
    pencil in | squeeze | squeeze me in | fit | fit me in | fit in | space | availability |
    available | free | open | meet | meet up | meetup | zoom | talk | speak | consult | book | book
    in | book me | book me in | schedule | scheduling | reserve | arrange | set | set up | set it up
    | set it | some | somewhere | sometime | some time | someone | working for me | works best |
    work for me | work for you | works for you | suit | suit you | convenient | possible | if
    possible | if thats ok | if thats okay | if thats possible | if its possible | if you can | if
    you could | if you have | if thats alright | if you have anything | if you dont mind | if i can
    | if i could | one on one | one to one | one on ones | 1 on 1 | just | only | either | both |
    with | with you | with someone | with me | what | which | when | how | why not | why dont we |
    any chance | is there any chance | any chance of | any availability | any slots | any openings |
    do you have anything | have you got anything | anything free | anything open | anything
    available on | got anything | you have anything | have anything | there anything | anything on |
    anything for | i dont know | dont know | free on | okay so | so um | ooh | go for | go with |
    lets go with | lets do | lets try | lets make it | do it | take | ill take | sounds | sounds
    good | sounds great | that | would be | be good | be great | be fine | be ok | be ideal | be
    perfect | work well | better | to see | to meet | to talk | to speak | to book | to schedule |
    to come | to get | to make | to have | to do | to be | to arrange | to set up | to go | to visit
    | see | see you | see someone | see the doctor | see the dentist | the doctor | the dentist |
    doctor | dentist | consultant | advisor | team | catch up | quick | quick call | short | discuss
    | discussion | plan | planning | in person | online | guys | sir | madam | definitely |
    certainly | absolutely | specifically | fairly | pretty | honestly | basically | still | as well
    | alternatively speaking | reception | happy | happy with | preference | preferred | my
    preference | give | give me | let | tell | find | find me | finding | check | checking | see if
    | ask | asking | hear | regarding | about getting | keen | interested | could we | can we |
    shall we | would you | could you | can you | do you | have you | is there | are there | going |
    gonna | going to | cool | brilliant | excellent | super | awesome | hour slot | slot for me |
    whats | wheres | hows | whens | theres | or so | if youre open | inclusive | tomorrows | one day
    | some day | if thats fine | afternoon everyone | you guys | what time | its about | its for |
    how is | hows about | tomorrow work | it work | that work | day work
"""
