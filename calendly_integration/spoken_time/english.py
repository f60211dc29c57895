"""The English vocabulary. Apostrophes are dropped: `can't` is `cant`."""

from .fillers import ENGLISH_FILLERS
from .terms import Kind, Vocabulary

NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
MONTHS = (
    "january|jan",
    "february|feb",
    "march|mar",
    "april|apr",
    "may",
    "june|jun",
    "july|jul",
    "august|aug",
    "september|sept|sep",
    "october|oct",
    "november|nov",
    "december|dec",
)
WEEKDAYS = (
    "monday|mon",
    "tuesday|tue|tues",
    "wednesday|wed|weds|wensday",
    "thursday|thu|thur|thurs",
    "friday|fri",
    "saturday|sat",
    "sunday|sun",
)
EACH_WEEKDAY = ("mondays", "tuesdays", "wednesdays", "thursdays", "fridays", "saturdays", "sundays")

ENGLISH = Vocabulary(
    "en",
    (
        *((Kind.NUMBER, number, word) for number, word in enumerate(NUMBERS)),
        (Kind.NUMBER, 200, "oh"),
        (Kind.NUMBER, 30, "thirty"),
        (Kind.NUMBER, 40, "forty | fourty"),
        (Kind.NUMBER, 50, "fifty"),
        *((Kind.NUMBER, number + 100, word) for number, word in enumerate(ORDINALS, 1)),
        (Kind.NUMBER, 130, "thirtieth"),
        *((Kind.MONTH, number, words) for number, words in enumerate(MONTHS, 1)),
        *((Kind.WEEKDAY, number, words) for number, words in enumerate(WEEKDAYS)),
        *((Kind.WEEKDAY, number + 10, words) for number, words in enumerate(EACH_WEEKDAY)),
        (Kind.RELATIVE_DAY, 0, "today"),
        (Kind.RELATIVE_DAY, 1, "tomorrow | tmrw | tomorow | tommorow | tommorrow"),
        (Kind.RELATIVE_DAY, 2, "day after tomorrow | the day after tomorrow | overmorrow"),
        (
            Kind.PAST_TIME,
            0,
            """
            yesterday | last night | the day before yesterday | day before yesterday
        """,
        ),
        (Kind.UNIT, "minute", "minute | minutes | min | mins"),
        (Kind.UNIT, "hour", "hour | hours | hr | hrs"),
        (Kind.UNIT, "day", "day | days"),
        (Kind.UNIT, "week", "week | weeks"),
        (Kind.UNIT, "fortnight", "fortnight"),
        (Kind.UNIT, "month", "month | months"),
        (
            Kind.WHICH,
            "next",
            """
            next | the next | following | the following | in the next | over the next | within the next
        """,
        ),
        (Kind.WHICH, "coming", "coming | this coming | the coming | upcoming | this upcoming"),
        (Kind.WHICH, "this", "this | current"),
        (Kind.WHICH, "last", "last"),
        (Kind.WEEK_AFTER_NEXT, 0, "week after next | the week after next"),
        (Kind.WEEKEND, 0, "weekend | week end"),
        (Kind.WEEKEND, "each", "weekends"),
        (
            Kind.WORKDAYS,
            0,
            """
            weekday | weekdays | workday | workdays | working day | working days | business day | business
            days
        """,
        ),
        (
            Kind.PART,
            "early_morning",
            """
            early morning | early in the morning | early mornings | bright and early
        """,
        ),
        (Kind.PART, "first_thing", "first thing | first thing in the morning | first thing in the am"),
        (Kind.PART, "morning", "one morning | a morning | morning | mornings | in the morning"),
        (
            Kind.PART,
            "midday",
            """
            midday | mid day | lunch | lunchtime | lunch time | lunch hour | lunch break
        """,
        ),
        (Kind.PART, "afternoon", "one afternoon | afternoon | afternoons | arvo | in the afternoon"),
        (Kind.PART, "evening", "one evening | evening | evenings | in the evening"),
        (Kind.PART, "night", "night | nights | nighttime | night time"),
        (
            Kind.PART,
            "end_of_day",
            """
            end of day | end of the day | eod | end of business | close of business | cob
        """,
        ),
        (Kind.TONIGHT, "tonight", "tonight | tonite | this night"),
        (Kind.NOON, "noon", "noon | 12 noon | high noon | noontime"),
        (Kind.MIDNIGHT, 0, "midnight"),
        (
            Kind.PORTION,
            "start",
            """
            start | beginning | early | early in | early on | first part | first half
        """,
        ),
        (Kind.PORTION, "middle", "middle | mid | midweek | halfway through"),
        (Kind.PORTION, "end", "end | late | late in | later in | back end | last part | tail end"),
        (
            Kind.SHARP,
            0,
            """
            oclock | o clock | sharp | on the dot | exactly | hundred | hundred hours
        """,
        ),
        (Kind.MERIDIEM, "am", "am | a m"),
        (Kind.MERIDIEM, "pm", "pm | p m"),
        (Kind.HALF, 0, "half"),
        (Kind.QUARTER, 1, "quarter | a quarter"),
        (Kind.QUARTER, 3, "three quarters"),
        (Kind.PAST, 0, "past | after the hour"),
        (
            Kind.AT,
            0,
            """
            at | at around | at about | around | about | roughly | approximately | at approximately | round
            about | at roughly | maybe around | maybe at | somewhere around | sometime around | around about
            | say around
        """,
        ),
        (Kind.ON, 0, "on"),
        (Kind.IN, 0, "in | during"),
        (Kind.WITHIN, 0, "within | in under | in at most | inside of"),
        (Kind.FOR, 0, "for"),
        (Kind.OF, 0, "of"),
        (Kind.ARTICLE, 0, "a | an"),
        (
            Kind.FROM,
            0,
            """
            from | starting | starting from | starting at | starting on | beginning from | as of | not
            before | no earlier than | not earlier than | no sooner than | not any earlier than | any time
            from | anytime from | not sooner than | not until | not till | any time starting | as from |
            never before | from as early as
        """,
        ),
        (
            Kind.AFTER,
            0,
            """
            after | later than | any time after | anytime after | past after | sometime after | beyond | any
            day after
        """,
        ),
        (
            Kind.BEFORE,
            0,
            """
            before | earlier than | prior to | ahead of | any time before | anytime before | sometime before
            | sooner than
        """,
        ),
        (
            Kind.UNTIL,
            0,
            """
            until | till | til | by | up to | up until | no later than | not later than | not after | at the
            latest by | latest by | by no later than | through to | before or on | on or before | any time
            until | anytime until | any time up to | never after | not any later than | not past
        """,
        ),
        (
            Kind.BETWEEN,
            0,
            """
            between | anytime between | any time between | sometime between | in between | anywhere between
        """,
        ),
        (Kind.TO, "to", "to"),
        (Kind.ONWARDS, 0, "onwards | onward | on out | and on | and onwards | or onwards"),
        (
            Kind.OR_LATER,
            0,
            """
            or later | or after | or any time after | or anytime after | and later | and after | or beyond |
            or thereafter
        """,
        ),
        (Kind.OR_EARLIER, 0, "or earlier | or before | or sooner | and earlier"),
        (Kind.FROM_NOW, 0, "from now | hence"),
        (Kind.AGO, 0, "ago"),
        (Kind.LATER, 0, "later"),
        (Kind.EARLIER, 0, "earlier | sooner"),
        (
            Kind.NOW,
            0,
            """
            now | right now | right away | straight away | immediately now | this moment | right this minute
        """,
        ),
        (
            Kind.OPEN,
            0,
            """
            its an emergency | it is an emergency | emergency | its urgent | the day doesnt matter | the
            time doesnt matter | anytime | any time | any day | any day at all | any time at all | whenever
            | whenever you like | whenever you can | whenever youre free | whenever you are free | whenever
            works | whenever suits             you | whenever suits | whenever you want | whenever is good |
            whenever youre available | whenever you are available | whenever is best | whenever works for
            you | whenever its convenient | whenever is convenient | as soon as possible | as soon as you
            can | asap | first available | the first available | first available slot | first available time
            | first available appointment | first thing available | earliest available | earliest available
            slot | earliest possible | the             earliest possible | earliest possible time | soonest
            | the soonest | soonest possible | soonest             available | the soonest you have | the
            soonest you can | the earliest you have | earliest you             have | the earliest you can |
            earliest you can | next available | the next available | next             available slot | next
            available time | next available appointment | the next opening | next             opening |
            first opening | the first opening | urgently | urgent | immediately | as early as
            possible | as early as you can | the sooner the better | no preference | no preferences | i dont
            have a preference | dont mind | i dont mind | i dont care | doesnt matter | it doesnt matter |
            any time works | anytime works | any time is fine | anytime is fine | im flexible | i am
            flexible | flexible | im easy | im free whenever | im open | open to anything | every day |
            everyday | daily | each day | first slot | the first slot | first free slot | first spot | first
            available spot | whichever | whatever time | whatever works | any slot | any free slot | all day
            | at your earliest convenience | your earliest convenience | any time of day | any time of the
            day | earliest slot | the earliest slot | earliest appointment | the earliest appointment |
            anything | as quickly as possible | at any time | on any day | first free | the next free slot |
            next free slot | quickest | anything available | as soon as | whenever youve got space |
            whenever you have time | whenever you have space | any hour | any date
        """,
        ),
        (Kind.ANY, 0, "any | every | each | all"),
        (
            Kind.OR,
            0,
            """
            or | or maybe | or perhaps | or else | or possibly | or even | or alternatively | alternatively
        """,
        ),
        (Kind.AND, 0, "and | also | as well as | plus | & | and also | and maybe"),
        (Kind.BUT, 0, "but | though | however | although"),
        (
            Kind.NOT,
            0,
            """
            except | except for | excluding | but not | other than | apart from | besides | aside from |
            anything but | any day but | any time but | anytime but | with the exception of | just not |
            only not | never | avoid | avoiding | rather not | not on | ideally not | preferably not | and
            not | but never | id rather not | except on | except in | everything but | everything except |
            anything except | any day except | any time except | any day besides | skip | skipping | outside
            of | not in | but definitely not | definitely not | minus | barring | but no | please not | any
            day other than | any day apart from | bar | but except | id rather avoid | id like to avoid |
            not at | maybe not | do not want | dont want | i dont want | save for
        """,
        ),
        (
            Kind.UNAVAILABLE,
            0,
            """
            cant | cannot | can not | cant do | cannot do | cant make | cannot make | cant make it | doesnt
            work | does not work | dont work | wont work | will not work | isnt good | is not good | is no
            good | not good | im busy | i am busy | im not free | not free | im not available | not
            available | unavailable | im unavailable | am not available | am not free | isnt possible | is
            not possible | is bad | isnt great | not possible | wouldnt work | would not work | doesnt suit
            | does not suit | dont suit | doesnt suit me | im away | im out | doesnt work for me | wont work
            for me | cant come | cannot come | couldnt do | could not do | is out | is not great | im booked
            | im off | im working | i cant do | i cant make | i cant | i cannot | isnt ideal | not gonna
            work | not going to work | is a no | is a no go | no good | isnt convenient | is not convenient
            | im tied up | cant manage
        """,
        ),
        (
            Kind.AVAILABLE,
            0,
            """
            works | work | do | is fine | is good | works for me | i can | can do | is ok | is okay | is
            great | is better | would work | is perfect | suits me | suits | yes | does | can | could |
            would be good | would be fine | would be better | i can do | is possible | would suit | would be
            great | im free | i am free | im available | works fine | works better | is
        """,
        ),
        (
            Kind.CORRECTION,
            0,
            """
            no wait | wait | wait no | sorry | no sorry | actually | no actually | oh wait | scratch that |
            actually no | or rather | hang on | hold on | no make that | make that | no make it | oops | my
            mistake | correction | or no | sorry no | oh no | no no | well actually | better yet | on second
            thought | on second thoughts | instead
        """,
        ),
        (Kind.THAT_IS, 0, "i mean | that is | thats | namely | meaning | which is | as in | ie"),
        (
            Kind.LIGHT,
            0,
            """
            the | uh | um | er | erm | hmm | hm | mm | ah | oh well | really | necessarily | quite | too |
            much | on the | well | like
        """,
        ),
        (Kind.FILLER, "something", "something"),
        (Kind.NOT, "plain", "not | no"),
        (Kind.NOT, "instead", "instead of | rather than | as opposed to"),
        (
            Kind.FILLER,
            "noun",
            """
            slot | slots | spot | spots | time | times | appointment | appointments | meeting | meetings |
            call | calls | phone call | video call | demo | chat | session | consultation | booking | visit
            | checkup | check up | thing | things | date | dates | opening | openings | reservation |
            interview
        """,
        ),
        (
            Kind.MOVE,
            0,
            """
            move | move it | to move | to move it to | change | change it | to change it to | switch |
            reschedule | to reschedule | push | push it | postpone | shift | bring forward
        """,
        ),
        (
            Kind.UNKNOWN,
            "busy",
            """
            i work | i have work | at work | from work | to work | i have a meeting | i have an appointment
            | i have a call | i have another | i already have | ive got a meeting | ive got an appointment |
            i have something | i already | already
        """,
        ),
        (Kind.PART, "after_lunch", "after lunch | after lunchtime | after lunch time"),
        (Kind.TO, "through", "through | thru"),
        (Kind.UNTIL, "edge", "at the latest | latest | by the latest"),
        (Kind.FROM, "edge", "at the earliest | earliest"),
        (Kind.NOT, "neither", "neither | nor"),
        (Kind.FILLER, 0, ENGLISH_FILLERS),
    ),
    None,
)
