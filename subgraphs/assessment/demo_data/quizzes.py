"""One quiz for each published course of a fresh installation: pure data that the loader turns into rows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoChoice:
    """One option of a SINGLE_CHOICE or MULTIPLE_CHOICE question."""

    text: str
    correct: bool


@dataclass(frozen=True, slots=True)
class DemoQuestion:
    """A question with the key that its kind calls for: choices, answer, value and tolerance, or accepted spellings."""

    kind: str
    prompt: str
    points: float = 1.0
    choices: tuple[DemoChoice, ...] = ()
    answer: bool | None = None
    value: float | None = None
    tolerance: float = 0.0
    accepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoQuiz:
    """A quiz on the items of a course, given by its slug; every answer is found in their texts."""

    course: str
    title: str
    passing_score: float
    max_attempts: int
    time_limit_minutes: int
    questions: tuple[DemoQuestion, ...]


def right(*texts: str) -> tuple[DemoChoice, ...]:
    """Correct choices."""
    return tuple(DemoChoice(text, correct=True) for text in texts)


def wrong(*texts: str) -> tuple[DemoChoice, ...]:
    """Incorrect choices."""
    return tuple(DemoChoice(text, correct=False) for text in texts)


NIGHT_SKY = DemoQuiz(
    "reading-the-night-sky",
    "What a clear evening can teach you",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=20,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            "The altitude of the north celestial pole above your horizon is equal to",
            choices=wrong("your longitude") + right("your latitude") + wrong("the azimuth of the Sun"),
        ),
        DemoQuestion("NUMERIC", "Through how many degrees does the sky appear to turn in one hour?", value=15),
        DemoQuestion(
            "SHORT_TEXT",
            "Which star do the Pointers, Merak and Dubhe, lead to?",
            accepted=("Polaris", "the Pole Star", "Pole Star", "Polestar", "the North Star", "North Star"),
        ),
        DemoQuestion("TRUE_FALSE", "The shadow of the Earth causes the phases of the Moon.", answer=False),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Why is there not an eclipse at every new Moon?",
            choices=right("The Moon's orbit is tilted to the plane of the Earth's")
            + wrong("The Moon is too far from the Earth at most new Moons", "The Sun is above the horizon at new Moon"),
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "What is true of Mars in the middle of its retrograde loop?",
            points=2.0,
            choices=right("The Earth is overtaking it")
            + wrong("It is moving backwards along its orbit")
            + right("It is opposite the Sun in our sky")
            + right("It is at its brightest"),
        ),
        DemoQuestion(
            "NUMERIC",
            "One star is five magnitudes brighter than another. How many times as much light reaches us from it?",
            value=100,
            tolerance=1,
        ),
    ),
)

DATA = DemoQuiz(
    "learning-from-data",
    "Judging the evidence",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=25,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            "What spoiled the poll of the Literary Digest in 1936?",
            choices=wrong("The sample was too small")
            + right("The people reached, and those who replied, were unlike the voters as a whole")
            + wrong("Too many ballot papers were returned for an accurate count"),
        ),
        DemoQuestion("NUMERIC", "What is the median of 24, 25, 26, 27, 28 and 110?", value=26.5, tolerance=0.01),
        DemoQuestion(
            "TRUE_FALSE", "After ten blacks in a row, red becomes more likely on a fair roulette wheel.", answer=False
        ),
        DemoQuestion(
            "NUMERIC",
            "How many times as many people must a poll question in order to halve its margin of error?",
            value=4,
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "What can be said of a 95 per cent confidence interval from a random sample?",
            points=2.0,
            choices=right("Over many repetitions, about 95 in 100 such intervals contain the true value")
            + wrong("It makes up for a leading question")
            + right("Its margin covers sampling error only"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "A p-value is the probability",
            choices=wrong("that the null hypothesis is true", "that the effect is large enough to matter")
            + right("of a result at least as extreme as the one observed, if the null hypothesis is true"),
        ),
        DemoQuestion(
            "SHORT_TEXT",
            "What is a hidden third variable that drives both of two correlated quantities called?",
            accepted=(
                "confounder",
                "a confounder",
                "confounding variable",
                "a confounding variable",
                "confounding factor",
            ),
        ),
    ),
)

PRINT = DemoQuiz(
    "the-age-of-print",
    "Two centuries of the press",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=20,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            "What was the alloy of Gutenberg's type made of?",
            choices=wrong("Copper, zinc and silver") + right("Lead, tin and antimony") + wrong("Iron, steel and lead"),
        ),
        DemoQuestion(
            "SHORT_TEXT",
            "What is a book called whose sheets have each been folded three times to make eight leaves?",
            accepted=("octavo", "an octavo", "8vo"),
        ),
        DemoQuestion("TRUE_FALSE", "Luther published his Sermon on Indulgences and Grace in German.", answer=True),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "Who helped to bring Copernicus's book of 1543 before the public?",
            points=2.0,
            choices=right("Georg Joachim Rheticus")
            + wrong("Aldus Manutius")
            + right("Johannes Petreius", "Andreas Osiander"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "What did the formula 'donec corrigatur' mean?",
            choices=right("Forbidden until corrected") + wrong("Forbidden for ever", "Permitted in Latin only"),
        ),
        DemoQuestion(
            "NUMERIC", "In which year did Johann Carolus ask the council of Strasbourg for a monopoly?", value=1605
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "What did the Relation of Carolus do that a news pamphlet did not?",
            choices=wrong("It reported battles and comets", "It printed large pictures of events")
            + right("It appeared every week, whatever had happened"),
        ),
    ),
)

PYTHON = DemoQuiz(
    "programming-with-python",
    "Thinking like the interpreter",
    passing_score=0.75,
    max_attempts=4,
    time_limit_minutes=25,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            'What is the value of "2" + "2"?',
            choices=wrong("4", '"4"') + right('"22"') + wrong("None"),
        ),
        DemoQuestion(
            "TRUE_FALSE", "The function input gives back a string even if the person types digits.", answer=True
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "Which of these are leap years?",
            points=2.0,
            choices=wrong("1900") + right("2000") + wrong("2023") + right("2024"),
        ),
        DemoQuestion("NUMERIC", "If rain = [4, 0, 11, 7, 0, 2, 9], what number is rain[2]?", value=11),
        DemoQuestion(
            "SHORT_TEXT",
            "Which kind of loop suits a job of which you know only when to stop?",
            accepted=("while", "while loop", "a while loop", "the while loop"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "A function prints its result and has no return. What does a call of it give back?",
            choices=right("None") + wrong("The printed number", "Zero", "An empty string"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Where does a traceback name the kind of error and the reason for it?",
            choices=wrong("In the first line", "In the middle") + right("In the last line"),
        ),
    ),
)

ESSAY = DemoQuiz(
    "the-art-of-the-essay",
    "From the first attempt to the last sentence",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=20,
    questions=(
        DemoQuestion("NUMERIC", "In which year did Montaigne's Essais first appear?", value=1580),
        DemoQuestion(
            "SHORT_TEXT",
            "What does Virginia Woolf set out to buy in 'Street Haunting'?",
            accepted=("pencil", "a pencil", "the pencil"),
        ),
        DemoQuestion(
            "TRUE_FALSE", "A question is worth an essay if the writer already knows the answer.", answer=False
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Which small event does Orwell's paragraph in 'A Hanging' carry to its full meaning?",
            choices=wrong("The prisoner asks for a glass of water")
            + right("The prisoner steps aside to avoid a puddle")
            + wrong("The prisoner speaks to the hangman"),
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "When does the course advise you to quote?",
            points=2.0,
            choices=right("When the words themselves are what you wish to discuss")
            + wrong("When you would rather not explain the thought yourself")
            + right("When a paraphrase would lose something"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Why is a draft read aloud before it is revised?",
            choices=right("The ear notices faults that the eye passes over")
            + wrong("Reading aloud takes less time than reading silently", "An audience will suggest a subject"),
        ),
    ),
)

HARMONY = DemoQuiz(
    "hearing-harmony",
    "Ear, keyboard and page",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=20,
    questions=(
        DemoQuestion("NUMERIC", "What is the frequency, in hertz, of the A an octave above 440 hertz?", value=880),
        DemoQuestion("NUMERIC", "How many semitones are there in a perfect fifth?", value=7),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Turned upside down, a major third becomes",
            choices=wrong("a major sixth") + right("a minor sixth") + wrong("a perfect fourth"),
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "On which degrees of a major scale do minor triads stand?",
            points=2.0,
            choices=right("The second", "The third") + wrong("The fourth", "The fifth") + right("The sixth"),
        ),
        DemoQuestion(
            "SHORT_TEXT",
            "What is the cadence from IV to I called?",
            accepted=("plagal", "plagal cadence", "a plagal cadence", "the plagal cadence"),
        ),
        DemoQuestion("TRUE_FALSE", "In the blues the sevenths of all three chords must be resolved.", answer=False),
        DemoQuestion(
            "SINGLE_CHOICE",
            "Which chords make up the second line of a twelve-bar blues in C?",
            choices=wrong("Four bars of C") + right("Two bars of F and two of C") + wrong("Two bars of G and two of F"),
        ),
    ),
)

NAVIGATION = DemoQuiz(
    "reading-the-night-sky",
    "Noon, time and position",
    passing_score=0.8,
    max_attempts=2,
    time_limit_minutes=30,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            "Where does the Sun stand when it reaches its greatest altitude?",
            choices=right("On your meridian, due south or due north")
            + wrong("Due east", "On the meridian of Greenwich"),
        ),
        DemoQuestion(
            "NUMERIC",
            "At noon the Sun bears south at a true altitude of 60 degrees; its declination is 20 degrees north. "
            "How many degrees north is your latitude?",
            points=2.0,
            value=50,
            tolerance=0.1,
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "Which corrections turn the sextant's reading into a true altitude?",
            points=2.0,
            choices=right("Dip")
            + right("Refraction")
            + wrong("The rate of the chronometer")
            + right("The Sun's semi-diameter"),
        ),
        DemoQuestion(
            "SHORT_TEXT",
            "What is the angle between the Sun and the point over your head called?",
            accepted=("zenith distance", "the zenith distance"),
        ),
        DemoQuestion("TRUE_FALSE", "A chronometer is of use only if it shows exactly the right time.", answer=False),
        DemoQuestion("NUMERIC", "How many degrees does the Earth turn through in two hours?", value=30),
        DemoQuestion(
            "SINGLE_CHOICE",
            "By how much does a watch four seconds out shift your longitude at the equator?",
            choices=wrong("A tenth of a nautical mile") + right("One nautical mile") + wrong("Fifteen nautical miles"),
        ),
    ),
)

DINGHY = DemoQuiz(
    "building-a-clinker-dinghy",
    "Planks, rivets and ribs",
    passing_score=0.7,
    max_attempts=3,
    time_limit_minutes=15,
    questions=(
        DemoQuestion(
            "SINGLE_CHOICE",
            "How must the spiling board lie against the moulds?",
            choices=wrong("Bent edgewise until it fits the plank below")
            + right("Naturally, without being forced edgewise")
            + wrong("Clear of them by the thickness of a plank"),
        ),
        DemoQuestion(
            "SHORT_TEXT",
            "What is the plank next to the keel called?",
            accepted=("garboard", "the garboard", "garboard strake", "the garboard strake", "garboard plank"),
        ),
        DemoQuestion("TRUE_FALSE", "In clinker building the ribs go in before the planks.", answer=False),
        DemoQuestion(
            "NUMERIC",
            "By the rule given, how many minutes should a rib half an inch thick spend in the steam box?",
            value=30,
        ),
        DemoQuestion(
            "MULTIPLE_CHOICE",
            "Which of these belong to good riveting?",
            points=2.0,
            choices=right("A dolly held hard against the head of the nail")
            + wrong("A few heavy blows to finish")
            + right("A rove that is a tight fit on the nail"),
        ),
        DemoQuestion(
            "SINGLE_CHOICE",
            "What is a gain?",
            choices=wrong("A copper cone slipped over a nail", "The overlap of two planks amidships")
            + right("A tapering rebate that sinks the lap at the ends of the planks"),
        ),
    ),
)

QUIZZES: dict[str, tuple[DemoQuiz, ...]] = {
    "demo": (NIGHT_SKY, DATA, PRINT, PYTHON, ESSAY, HARMONY),
    "other": (NAVIGATION, DINGHY),
}
