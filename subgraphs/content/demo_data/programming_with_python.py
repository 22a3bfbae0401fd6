"""The items of the course "Programming from Scratch with Python"."""

from subgraphs.content.demo_data.item import DemoItem

PROGRAMMING_WITH_PYTHON: tuple[DemoItem, ...] = (
    DemoItem(
        course="programming-with-python",
        module="Values, variables and your first program",
        type="TEXT",
        title="How long will this novel take?",
        text="""\
A program is a text that a machine obeys from top to bottom. Open a new file, save it as reading.py and type
three lines.

    pages = 432
    speed = 40
    print(pages / speed)

Run it, and Python answers 10.8: at forty pages an hour, the novel will take you nearly eleven hours. You have
used two kinds of thing. The numbers are values. The words pages and speed are variables, names that you
attach to values so that you can speak of them later. The sign = is not the equals of algebra. It is an
instruction: work out what stands on the right, then make the name on the left refer to it. That is why speed
= speed + 5, nonsense as an equation, is a perfectly good way of reading faster.

Every value has a type, and the type decides what may be done with it. 432 is an int, a whole number; 10.8 is
a float, a number with a fractional part; "Middlemarch" is a str, a string of characters, which we mark with
quotation marks so that Python does not take it for a name. The same sign may do different work for different
types. 2 + 2 is 4, but "2" + "2" is "22", because strings are joined end to end.

This matters as soon as a program talks to a person. The function input shows a question and gives back what
was typed, and it always gives back a string, even if the person typed digits. To calculate with the answer,
convert it.

    pages = int(input("How many pages? "))

Read that line from the inside outwards: ask, receive a string, turn it into an int, give it the name pages.
If somebody types 'lots', Python stops and complains, quite rightly; later you will learn how to answer back.

Choose names that say what they hold. The computer does not care whether you write pages or p, but in a
month's time you will.""",
        difficulty="BEGINNER",
        tags=("variables", "types", "input", "arithmetic"),
        duration_minutes=9,
    ),
    DemoItem(
        course="programming-with-python",
        module="Making decisions: Boolean expressions and if statements",
        type="TEXT",
        title="When is a year a leap year?",
        text="""\
Computers decide by asking questions to which there are exactly two answers. In Python the answers are written
True and False, and their type is called bool after George Boole, who made an algebra of logic in the 1840s. A
comparison is such a question: age >= 18 is either True or False. So is age == 18, with two equals signs. One
sign gives a name to a value, two ask whether values are the same; mixing them up is the commonest slip of the
first week.

An if statement runs some lines only when its question is answered True.

    if age < 5:
        price = 0
    elif age < 18:
        price = 6
    else:
        price = 11

The indentation is not decoration. The lines set in by four spaces are the ones that belong to the condition
above them. Python tries the conditions in order and takes the first that holds, so the order carries meaning.
A child of three satisfies both of the conditions above, but the first one has already answered. Exchange them
and toddlers will pay six pounds.

Conditions can be combined. With and, both parts must be true; with or, at least one; and not turns True into
False. The calendar gives a pretty example. A year is a leap year if it divides by 4, except that a century
must divide by 400. The operator % gives the remainder of a division, so a remainder of zero means that a
number divides exactly.

    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)

Check it by hand. For 2024 the first part is True and so is year % 100 != 0, hence leap is True. For 1900 the
first part is True, but both parts in the brackets are False. For 2000 the last part rescues it. Three years,
three different routes through one line: whenever you write a condition, look for an example that travels each
way.""",
        difficulty="BEGINNER",
        tags=("booleans", "conditions", "if statements"),
        duration_minutes=9,
    ),
    DemoItem(
        course="programming-with-python",
        module="Repetition: lists, for loops and while loops",
        type="TEXT",
        title="A week of rain, one number at a time",
        text="""\
Seven mornings in a row you empty a rain gauge and note the millimetres. Seven variables would be a nuisance,
and a year of them impossible. What you want is a list, a single value that holds others in order.

    rain = [4, 0, 11, 7, 0, 2, 9]

Positions are counted from zero. So rain[0] is 4, the first morning, and rain[6] is 9, the last; there is no
rain[7], and asking for it is an error. len(rain) tells you that there are seven, and rain.append(3) adds an
eighth at the end.

To do something with every element, use a for loop.

    total = 0
    for amount in rain:
        total = total + amount

Follow it with a pencil. The name amount refers to 4, then to 0, then to 11, and each time the indented line
runs once. The variable total is an accumulator: it starts with a value that means 'nothing yet' and grows
until the list is exhausted, when it holds 33. A great many loops have this shape. Put an if inside and you
can count dry days, or remember the wettest one so far.

A for loop suits a job whose length is known when it begins. When you do not know how many turns you need,
only when to stop, use while. Suppose a thousand pounds grows by five per cent a year. How long until it has
doubled?

    money = 1000
    years = 0
    while money < 2000:
        money = money * 1.05
        years = years + 1

The condition is tested before each turn, and when it fails the loop is over; here years ends at 15. Something
inside the loop must bring the end nearer. Forget the line that changes money and the program will run until
you interrupt it with Control and C. Such an endless loop happens to everybody. When it happens to you, ask
which variable the condition depends on, and find the line that was supposed to change it.""",
        difficulty="INTERMEDIATE",
        tags=("lists", "loops", "iteration"),
        duration_minutes=10,
    ),
    DemoItem(
        course="programming-with-python",
        module="Functions: parameters, return values and scope",
        type="TEXT",
        title="A small machine with a name",
        text="""\
When you notice that you are typing the same few lines a second time, stop and give them a name. A function is
a piece of program that takes values in, does one job and hands a value back.

    def mean(numbers):
        return sum(numbers) / len(numbers)

The word def defines it; nothing is calculated yet. The name in brackets, numbers, is a parameter, a
placeholder. When you later write mean([4, 0, 11]), the list is the argument: the actual value that the
placeholder stands for during that one call. The call itself is then worth what was returned, 5.0, and you may
use it anywhere you could have used the number.

Beginners often confuse return with print. Printing shows a value to a person and then forgets it. Returning
hands the value to the part of the program that asked, which may add it, compare it or store it. A function
that only prints is a dead end; you cannot write twice = mean(rain) * 2 if mean has displayed its result and
given nothing back. What it gives back, in that case, is the special value None, and multiplying None by two
is an error.

Names created inside a function are local. They come into being when the function is called and vanish when it
returns, so a variable called total inside one function has nothing to do with a total elsewhere. This limit
on where a name can be seen is called its scope. It is a kindness: you can understand a function by reading it
alone, and you can rename what is inside without breaking the rest. Let everything a function needs come in
through its parameters, and everything it produces leave through return.

How large should one be? Try to describe it in a sentence without the word 'and'. Reads the file and counts
the words and prints the ten commonest is three functions. Written as three, each can be tried on a small
example before the next is begun, and that is how large problems become possible.""",
        difficulty="INTERMEDIATE",
        tags=("functions", "parameters", "return values", "scope"),
        duration_minutes=10,
    ),
    DemoItem(
        course="programming-with-python",
        module="Dictionaries and text files: counting the words in a novel",
        type="TEXT",
        title="What does Jane Austen lean on?",
        text="""\
Fetch Pride and Prejudice from Project Gutenberg as plain text and save it beside your program as novel.txt.
In about ten lines you are going to count every word of it.

    with open("novel.txt", encoding="utf-8") as file:
        text = file.read().lower()

The with statement closes the file when its block ends. The encoding says how bytes stand for characters;
leave it out and the apostrophes may turn to rubbish on another computer. lower makes 'The' and 'the' the same
word.

For the counts we need a dictionary, which stores values under keys as a cloakroom keeps coats under tickets.
In a list you look things up by position; in a dictionary by key, and Python finds the key at once however
many there are.

    counts = {}
    for piece in text.split():
        word = piece.strip(".,;:!?()_'*")
        counts[word] = counts.get(word, 0) + 1

split cuts the text at spaces and line ends, and strip removes the listed marks from both ends of a piece; add
the curved quotation marks if your file has them. The last line is the heart of the program. counts.get(word,
0) means: the number stored under this word, or 0 if we have never met it. Add one and store it again. Without
the 0, the first meeting with any word would be a KeyError.

Finally, sort the words by their counts, largest first, and show ten.

    for word in sorted(counts, key=counts.get, reverse=True)[:10]:
        print(word, counts[word])

You will be disappointed. The list is 'the', 'to', 'of', 'and', as it would be for nearly any English book.
Such words are called stop words. Put them in a set and skip them, and the author begins to appear: 'mr',
'elizabeth', 'could', 'very', 'must'. Better still, run the same program on a second novel and ask which words
are much commoner in one than in the other. A habit shows only by comparison. When you print the shares rather
than the counts, a short book can be set beside a long one.""",
        difficulty="ADVANCED",
        tags=("dictionaries", "files", "strings", "text analysis"),
        duration_minutes=12,
    ),
    DemoItem(
        course="programming-with-python",
        module="Finding faults: tracebacks, assertions and automated tests",
        type="TEXT",
        title="Let the mistake tell you where it is",
        text="""\
Sooner or later a program stops and prints a traceback. Do not look away: it is the most helpful text the
computer will ever write you. Read it from the bottom. The last line names the kind of error and gives the
reason, for example ZeroDivisionError: division by zero. The lines above it show where, as a chain of calls
with the most recent at the end, each with a file and a line number. If the final link lies in somebody else's
library, go up until you meet a line of your own.

That line is where the program noticed, not always where the fault is. Suppose that mean, from the fourth
module, divides by len(numbers) and fails because the list is empty. The division is innocent. Ask why the
list was empty, and follow the value backwards until you find the first place where it is not what you
believed. Print it at the halfway point; if it is right there, the fault lies later, and if wrong, earlier.
Halve again. Ten such steps search a thousand lines.

An assertion puts a belief into the program itself.

    assert len(numbers) > 0, "mean needs at least one number"

If the condition is true, nothing happens. If not, Python raises an AssertionError with your message, at once
and close to the cause. Assertions are for your own mistakes; for what a user types, use an ordinary if and a
polite reply.

A test goes one step further: it calls a function with a known answer and asserts that it comes out.

    def test_mean():
        assert mean([4, 0, 11]) == 5

Save such functions in a file whose name begins with test_, run pytest, and each one is found and tried.
Choose cases that travel different ways: an ordinary list, a single element, the awkward extremes. And
whenever you find a fault, write the test that would have caught it before you repair anything. See it fail,
make the repair, see it pass. That fault will not come back unnoticed.""",
        difficulty="ADVANCED",
        tags=("debugging", "tracebacks", "assertions", "testing"),
        duration_minutes=11,
    ),
    DemoItem(
        course="programming-with-python",
        module="Finding faults: tracebacks, assertions and automated tests",
        type="VIDEO",
        title="One fault, hunted from the bottom line up",
        text="""\
A recording of a screen and a voice. The word counter of the previous module has been damaged in one place and
stops with a KeyError. The presenter reads the traceback from its last line, prints a value at the halfway
point, narrows the search in three steps, and writes a failing test before touching the faulty line. Pause
after the first minute and try to guess where the fault lies.""",
        difficulty="ADVANCED",
        tags=("debugging", "tracebacks", "demonstration"),
        duration_minutes=7,
    ),
)
