"""The English vocabulary: kind and value, then the phrases. Apostrophes are dropped: `can't` is `cant`."""

from .terms import Vocabulary

WORDS = """
NUMBER 0: zero
NUMBER 1: one
NUMBER 2: two
NUMBER 3: three
NUMBER 4: four
NUMBER 5: five
NUMBER 6: six
NUMBER 7: seven
NUMBER 8: eight
NUMBER 9: nine
NUMBER 10: ten
NUMBER 11: eleven
NUMBER 12: twelve
NUMBER 13: thirteen
NUMBER 14: fourteen
NUMBER 15: fifteen
NUMBER 16: sixteen
NUMBER 17: seventeen
NUMBER 18: eighteen
NUMBER 19: nineteen
NUMBER 20: twenty
NUMBER 200: oh
NUMBER 30: thirty
NUMBER 40: forty | fourty
NUMBER 50: fifty
NUMBER 101: first
NUMBER 102: second
NUMBER 103: third
NUMBER 104: fourth
NUMBER 105: fifth
NUMBER 106: sixth
NUMBER 107: seventh
NUMBER 108: eighth
NUMBER 109: ninth
NUMBER 110: tenth
NUMBER 111: eleventh
NUMBER 112: twelfth
NUMBER 113: thirteenth
NUMBER 114: fourteenth
NUMBER 115: fifteenth
NUMBER 116: sixteenth
NUMBER 117: seventeenth
NUMBER 118: eighteenth
NUMBER 119: nineteenth
NUMBER 120: twentieth
NUMBER 130: thirtieth
MONTH 1: january | jan
MONTH 2: february | feb
MONTH 3: march | mar
MONTH 4: april | apr
MONTH 5: may
MONTH 6: june | jun
MONTH 7: july | jul
MONTH 8: august | aug
MONTH 9: september | sept | sep
MONTH 10: october | oct
MONTH 11: november | nov
MONTH 12: december | dec
WEEKDAY 0: monday | mon
WEEKDAY 1: tuesday | tue | tues
WEEKDAY 2: wednesday | wed | weds | wensday
WEEKDAY 3: thursday | thu | thur | thurs
WEEKDAY 4: friday | fri
WEEKDAY 5: saturday | sat
WEEKDAY 6: sunday | sun
WEEKDAY 10: mondays
WEEKDAY 11: tuesdays
WEEKDAY 12: wednesdays
WEEKDAY 13: thursdays
WEEKDAY 14: fridays
WEEKDAY 15: saturdays
WEEKDAY 16: sundays
RELATIVE_DAY 0: today
RELATIVE_DAY 1: tomorrow | tmrw | tomorow | tommorow | tommorrow
RELATIVE_DAY 2: day after tomorrow | the day after tomorrow | overmorrow
PAST_TIME: yesterday | last night | the day before yesterday | day before yesterday
UNIT minute: minute | minutes | min | mins
UNIT hour: hour | hours | hr | hrs
UNIT day: day | days
UNIT week: week | weeks
UNIT fortnight: fortnight
UNIT month: month | months
WHICH next: next | the next | following | the following | in the next | over the next | within the next
WHICH coming: coming | this coming | the coming | upcoming | this upcoming
WHICH this: this | current
WHICH last: last
WEEK_AFTER_NEXT: week after next | the week after next
WEEKEND: weekend | week end | over the weekend | the weekend
WEEKEND each: weekends
WORKDAYS: weekday | weekdays | workday | workdays | working day | working days | business day | business
    days
PART early_morning: early morning | early in the morning | early mornings | bright and early
PART first_thing: first thing | first thing in the morning | first thing in the am
PART morning: one morning | a morning | morning | mornings | in the morning
PART midday: midday | mid day | lunch | lunchtime | lunch time | lunch hour | lunch break
PART afternoon: one afternoon | afternoon | afternoons | arvo | in the afternoon
PART evening: one evening | evening | evenings | in the evening
PART night: night | nights | nighttime | night time
PART end_of_day: end of day | end of the day | eod | end of business | close of business | cob
TONIGHT tonight: tonight | tonite | this night
NOON noon: noon | 12 noon | high noon | noontime
MIDNIGHT: midnight
PORTION start: start | beginning | early | early in | early on | first part | first half
PORTION middle: middle | mid | midweek | halfway through
PORTION end: end | late | late in | later in | back end | last part | tail end
SHARP: oclock | o clock | sharp | on the dot | exactly | hundred | hundred hours
MERIDIEM am: am | a m
MERIDIEM pm: pm | p m
HALF: half
QUARTER 1: quarter | a quarter
QUARTER 3: three quarters
PAST: past | after the hour
AT: at | at around | at about | around | about | roughly | approximately | at approximately | round about |
    at roughly | maybe around | maybe at | somewhere around | sometime around | around about | say around
ON: on
IN: in | during
WITHIN: within | in under | in at most | inside of
FOR: for
OF: of
ARTICLE: a | an
FROM: from | starting | starting from | starting at | starting on | beginning from | as of | not before | no
    earlier than | not earlier than | no sooner than | not any earlier than | any time from | anytime from |
    not sooner than | not until | not till | any time starting | as from | never before | from as early as
AFTER: after | later than | any time after | anytime after | past after | sometime after | beyond | any day
    after
BEFORE: before | earlier than | prior to | ahead of | any time before | anytime before | sometime before |
    sooner than
UNTIL: until | till | til | by | up to | up until | no later than | not later than | not after | at the
    latest by | latest by | by no later than | through to | before or on | on or before | any time until |
    anytime until | any time up to | never after | not any later than | not past | up to and including
BETWEEN: between | anytime between | any time between | sometime between | in between | anywhere between |
    between the hours of | anywhere from
TO to: to
ONWARDS: onwards | onward | on out | and on | and onwards | or onwards
OR_LATER: or later | or any time after | or anytime after | and later | and after | or beyond | or
    thereafter
OR_EARLIER: or earlier | or sooner | and earlier
FROM_NOW: from now | hence
AGO: ago
LATER: later
EARLIER: earlier | sooner
NOW: now | right now | right away | straight away | immediately now | this moment | right this minute
OPEN: its an emergency | it is an emergency | emergency | its urgent | the day doesnt matter | the time
    doesnt matter | anytime | any time | any day | any day at all | any time at all | whenever | whenever
    you like | whenever you can | whenever youre free | whenever you are free | whenever works | whenever
    suits you | whenever suits | whenever you want | whenever is good | whenever youre available | whenever
    you are available | whenever is best | whenever works for you | whenever its convenient | whenever is
    convenient | as soon as possible | as soon as you can | asap | first available | the first available |
    first available slot | first available time | first available appointment | first thing available |
    earliest available | earliest available slot | earliest possible | the earliest possible | earliest
    possible time | soonest | the soonest | soonest possible | soonest available | the soonest you have |
    the soonest you can | the earliest you have | earliest you have | the earliest you can | earliest you
    can | next available | the next available | next available slot | next available time | next available
    appointment | the next opening | next opening | first opening | the first opening | urgently | urgent |
    immediately | as early as possible | as early as you can | the sooner the better | no preference | no
    preferences | i dont have a preference | dont mind | i dont mind | i dont care | doesnt matter | it
    doesnt matter | any time works | anytime works | any time is fine | anytime is fine | im flexible | i am
    flexible | flexible | im easy | im free whenever | im open | open to anything | every day | everyday |
    daily | each day | first slot | the first slot | first free slot | first spot | first available spot |
    whichever | whatever time | whatever works | any slot | any free slot | all day | at your earliest
    convenience | your earliest convenience | any time of day | any time of the day | earliest slot | the
    earliest slot | earliest appointment | the earliest appointment | anything | as quickly as possible | at
    any time | on any day | first free | the next free slot | next free slot | quickest | anything available
    | as soon as | whenever youve got space | whenever you have time | whenever you have space | any hour |
    any date
ANY: any | every | each | all
OR: or | or maybe | or perhaps | or else | or possibly | or even | or alternatively | alternatively
AND: and | also | as well as | plus | & | and also | and maybe
BUT: but | though | however | although
NOT: except | except for | excluding | but not | other than | apart from | besides | aside from | with the
    exception of | just not | only not | never | avoid | avoiding | rather not | ideally not | preferably
    not | and not | but never | id rather not | except on | except in | everything except | anything except
    | any day except | any time except | any day besides | skip | skipping | outside of | but definitely not
    | definitely not | minus | barring | but no | please not | any day other than | any day apart from | bar
    | but except | id rather avoid | id like to avoid | maybe not | do not want | dont want | i dont want |
    save for
UNAVAILABLE: cant | cannot | can not | cant do | cannot do | cant make | cannot make | cant make it | doesnt
    work | does not work | dont work | wont work | will not work | isnt good | is not good | is no good |
    not good | im busy | i am busy | im not free | not free | im not available | not available | unavailable
    | im unavailable | am not available | am not free | isnt possible | is not possible | is bad | isnt
    great | not possible | wouldnt work | would not work | doesnt suit | does not suit | dont suit | doesnt
    suit me | im away | im out | doesnt work for me | wont work for me | cant come | cannot come | couldnt
    do | could not do | is out | is not great | im booked | im off | im working | i cant do | i cant make |
    i cant | i cannot | isnt ideal | not gonna work | not going to work | is a no | is a no go | no good |
    isnt convenient | is not convenient | im tied up | cant manage
AVAILABLE: works | work | do | is fine | is good | works for me | i can | can do | is ok | is okay | is
    great | is better | would work | is perfect | suits me | suits | yes | does | can | could | would be
    good | would be fine | would be better | i can do | is possible | would suit | would be great | im free
    | i am free | im available | works fine | works better | is
CORRECTION: no wait | wait | wait no | sorry | no sorry | actually | no actually | oh wait | scratch that |
    actually no | or rather | hang on | hold on | no make that | make that | no make it | oops | my mistake
    | correction | or no | sorry no | oh no | no no | well actually | better yet | on second thought | on
    second thoughts | instead
THAT_IS: i mean | that is | thats | namely | meaning | which is | as in | ie
LIGHT: the | uh | um | er | erm | hmm | hm | mm | ah | oh well | well | like | say | maybe | perhaps
NOT plain: not | no
NOT instead: instead of | rather than | as opposed to
NOUN: slot | slots | spot | spots | time | times | appointment | appointments | meeting | meetings | call |
    calls | phone call | video call | demo | chat | session | consultation | booking | visit | checkup |
    check up | thing | things | date | dates | opening | openings | reservation | interview
MOVE: move | move it | to move | to move it to | change | change it | to change it to | switch | reschedule
    | to reschedule | push | push it | postpone | shift | bring forward
UNKNOWN busy: i work | i have work | at work | from work | to work | i have a meeting | i have an
    appointment | i have a call | i have another | i already have | ive got a meeting | ive got an
    appointment | i have something | i already | already | before work | after work | during work | around
    work | good friday | black friday | easter monday | ash wednesday | maundy thursday | palm sunday |
    cyber monday | easter sunday | pancake tuesday | shrove tuesday | bank holiday monday
PART after_lunch: after lunch | after lunchtime | after lunch time
TO through: through | thru
UNTIL edge: at the latest | latest | by the latest
FROM edge: at the earliest | earliest
NOT neither: neither | nor
FILLER something: something
FILLER: so | then | for me | for us | for you | uhm | umm | ehm | aha | yeah | yep | yup | ok | okay |
    alright | all right | sure | right | great | fine | good | perfect | lovely | hi | hello | hey | hey
    there | hi there | there | good morning | good afternoon | good evening | good night | good day | have a
    good day | have a nice day | goodbye | bye | thanks | thank you | thanks a lot | thank you so much |
    cheers | pls | kindly | possibly | probably | potentially | sort of | kind of | you know | i guess | i
    think | i suppose | i believe | lets say | lets see | let me see | let me think | lets | let us | how
    about | what about | would | shall | should | might | will | ill | id | i | im | ive | we | we will |
    you | youd | your | it | its | me | my | us | our | they | he | she | be | are | have | has | got | get
    | love | prefer | preferably | preferable | ideally | ideal | hopefully | rather | better for me | best
    | would like | id like | like to | want | want to | wanna | need | need to | needs | hope | hoping |
    hoping to | looking | looking to | looking for | wish | wanted | wanted to | wondering | wondering if |
    was wondering if | wonder | able to | able | try | trying | try to | trying to | come | come in | to
    come in | come by | swing by | pop in | drop in | stop by | come over | come see | coming in | make |
    make it | make an | put me down | put | pencil | pencil me in | pencil in | squeeze | squeeze me in |
    fit | fit me in | fit in | space | availability | available | free | open | meet | meet up | meetup |
    zoom | talk | speak | consult | book | book in | book me | book me in | schedule | scheduling | reserve
    | arrange | set | set up | set it up | set it | some | somewhere | sometime | some time | someone |
    working for me | works best | work for me | work for you | works for you | suit | suit you | convenient
    | possible | if possible | if thats ok | if thats okay | if thats possible | if its possible | if you
    can | if you could | if you have | if thats alright | if you have anything | if you dont mind | if i can
    | if i could | one on one | one to one | one on ones | 1 on 1 | just | only | either | both | with |
    with you | with someone | with me | what | which | when | how | why not | why dont we | any chance | is
    there any chance | any chance of | any availability | any slots | any openings | do you have anything |
    have you got anything | anything free | anything open | anything available on | got anything | you have
    anything | have anything | there anything | anything on | anything for | i dont know | dont know | free
    on | okay so | so um | ooh | go for | go with | lets go with | lets do | lets try | lets make it | do it
    | take | ill take | sounds | sounds good | sounds great | that | would be | be good | be great | be fine
    | be ok | be ideal | be perfect | work well | better | to see | to meet | to talk | to speak | to book |
    to schedule | to come | to get | to make | to have | to do | to be | to arrange | to set up | to go | to
    visit | see | see you | see someone | see the doctor | see the dentist | the doctor | the dentist |
    doctor | dentist | consultant | advisor | team | catch up | quick | quick call | short | discuss |
    discussion | plan | planning | in person | online | guys | sir | madam | definitely | certainly |
    absolutely | specifically | fairly | pretty | honestly | basically | still | as well | alternatively
    speaking | reception | happy | happy with | preference | preferred | my preference | give | give me |
    let | tell | find | find me | finding | check | checking | see if | ask | asking | hear | regarding |
    about getting | keen | interested | could we | can we | shall we | would you | could you | can you | do
    you | have you | is there | are there | going | gonna | going to | cool | brilliant | excellent | super
    | awesome | whats | wheres | hows | whens | theres | or so | if youre open | inclusive | tomorrows | one
    day | some day | if thats fine | afternoon everyone | you guys | what time | its about | its for | how
    is | hows about | tomorrow work | it work | that work | day work | really | necessarily | quite | too |
    much | please | i was hoping | i was hoping for | was hoping for | was hoping | i was thinking | i was
    thinking of | i was thinking about | was thinking | i was wondering | i was wondering if | hoping for |
    sound | sounds ok | sounds okay | how does | we are | flexible on | able to do
"""

ENGLISH = Vocabulary("en", WORDS, tens_joined_by=None)
