"""The people, texts and event types of the demo's history. All invented."""

# Name, phone, time zone.
PEOPLE = (
    ("Ștefan Țurcanu", "+40744120980", "Europe/Bucharest"),
    ("Ioana Pârvulescu", "+40731456789", "Europe/Bucharest"),
    ("Mihai Brătianu", "+40722318406", "Europe/Bucharest"),
    ("Alexandra Șerban", "+40745907112", "Europe/Bucharest"),
    ("Cristian Mănescu", "+40766230145", "Europe/Bucharest"),
    ("Andreea Dobre", "", "Europe/Bucharest"),
    ("Vlad Căpraru", "+40728114093", "Europe/Bucharest"),
    ("Gabriela Ștefănescu", "+40743552018", "Europe/Bucharest"),
    ("Florin Bălan", "+40755673920", "Europe/Bucharest"),
    ("Simona Țepeneag", "+40721880034", "Europe/Bucharest"),
    ("Răzvan Oprea", "", "Europe/Bucharest"),
    ("Mădălina Făgăraș", "+40749016275", "Europe/Bucharest"),
    ("George Înălțatu", "+40734420661", "Europe/Bucharest"),
    ("Corina Vâlcea", "+40763908417", "Europe/Bucharest"),
    ("Bogdan Nuță", "+40727555190", "Europe/Bucharest"),
    ("Larisa Munteanu", "+37369120455", "Europe/Chisinau"),
    ("Sorin Rusu", "+37379884210", "Europe/Chisinau"),
    ("Siobhan O'Neill", "+353861234077", "Europe/Dublin"),
    ("Thomas Weber", "+4915123456780", "Europe/Berlin"),
    ("Emma Clarke", "+447911123456", "Europe/London"),
    ("Daniel Rosen", "+12125550143", "America/New_York"),
    ("Raluca Stănciulescu", "+40741230987", "Europe/Bucharest"),
    ("Adrian Chiriță", "+40729664310", "Europe/Bucharest"),
    ("Elena Gâdea", "", "Europe/Bucharest"),
    ("Paul Hâncu", "+40752117846", "Europe/Bucharest"),
    ("Diana Lăzărescu", "+40746003512", "Europe/Bucharest"),
    ("Marius Popescu", "+40723909011", "Europe/Bucharest"),
    ("Carmen Săndulescu", "+40768342275", "Europe/Bucharest"),
    ("Tudor Ghiță", "+40737718890", "Europe/Bucharest"),
    ("Monica Brânzei", "+40744661209", "Europe/Bucharest"),
    ("Liviu Cojocaru", "+40725043388", "Europe/Bucharest"),
    ("Anca Țăranu", "+40751920467", "Europe/Bucharest"),
)

COLORS = {
    "Sales Demo": "#0069ff",
    "Technical Support": "#8247f5",
    "Strategy Call": "#b8590c",
    "Quick Consultation": "#0b7a5e",
}

# Name, minutes, minutes of buffer after the meeting, color, host.
MORE_EVENT_TYPES = (
    ("Onboarding", 45, 15, "#c2185b", "Radu Marin"),
    ("Contract Review", 30, 10, "#46606f", "Elena Dumitrescu"),
)

# How often a type is booked, in the order of COLORS and MORE_EVENT_TYPES.
WEIGHTS = (6, 4, 2, 3, 4, 3)

# Name of the key, kind of agent.
AGENTS = (("Agent vocal", "voice_agent"), ("Agent chat", "chat_agent"))

STAFF = "ioana.marin"

NOTES = (
    "Vrea prețuri pentru 25 de utilizatori.",
    "A mai avut o demonstrație în vară; întreabă de integrarea cu SAP.",
    "Decide împreună cu directorul financiar.",
    "Nu îi merge sincronizarea de ieri dimineață.",
    "Asks whether data stays in the EU.",
    "",
    "",
)

PROBLEMS = (
    "Nu pot intra în cont după schimbarea parolei.",
    "Rapoartele lunare vin goale.",
    "The export stops at 500 rows.",
)

INVITEE_REASONS = (
    "Am o ședință la aceeași oră, putem muta pe joi?",
    "Vreau alt interval, după-amiaza.",
    "Nu mai ajung la ora asta, altă zi se poate?",
    "Nu mai am nevoie, am rezolvat.",
    "Am găsit altă soluție.",
    "Sunt răcit, revin eu săptămâna viitoare.",
    "Need to move it to next week.",
)

AGENT_REASON = "Clientul a spus că ora nu e bună."
HOST_REASON = "Sunt plecat din birou în ziua aceea."
STAFF_REASON = "Colegul nu poate veni."

CALL_NOTES = (
    "Nu a răspuns la telefon, încerc mâine.",
    "Revine după ce vorbește cu echipa.",
    "I-am trimis linkul pe e-mail.",
)

STAFF_NOTES = (
    "Vorbește mai bine în engleză.",
    "A cerut să fie sunat înainte.",
)

# What agents could not book: name, e-mail, phone, event type, code, hours ago.
REFUSED = (
    (
        "Nicoleta Brâncuș",
        "nicoleta.brancus@example.com",
        "+40747110233",
        "Strategy Call",
        "no_availability",
        3,
    ),
    ("Silviu Mărgineanu", "silviu.margineanu@example.com", "+40721450988", "Sales Demo", "slot_taken", 20),
    ("Horia Țăran", "horia.taran@example.com", "", "Technical Support", "calendly_unavailable", 46),
)
