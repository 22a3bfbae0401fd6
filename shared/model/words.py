"""English words by what they do in a sentence, as far as finding key terms needs to know them."""


def words_of(text: str) -> frozenset[str]:
    """The words of a list that white space separates."""
    return frozenset(text.split())


DETERMINERS = words_of(
    """
    a an another any each every his its my no our some such the their these this those your
    """
)

PREPOSITIONS = words_of(
    """
    about above across after against along among around as at before behind below beneath beside between beyond by
    despite down during except for from in inside into like near of off on onto out outside over per since than
    through throughout till to toward towards under underneath until unto up upon via with within without
    """
)

PRONOUNS = words_of(
    """
    all anybody anyone anything both either everybody everyone everything he her hers herself him himself i it
    itself me mine neither nobody none nothing one one's ones others ours ourselves she somebody someone something
    theirs them themselves they us we who whom you yours yourself
    """
)

AUXILIARIES = words_of(
    """
    am are be been being can cannot could did do does done had has have having is may might must ought shall
    should was were will would
    """
)

LINKS = words_of(
    """
    afterwards again alike almost alone already also although always and apart away back because but earlier early
    else even ever few finally first firstly forth further furthermore hardly hence here how however if indeed
    instead just last later least less let many meanwhile merely more moreover most much nearly never next nor not
    now often once only or otherwise perhaps please quite rather scarcely secondly simply so sometimes soon still
    that then there therefore thirdly though thus today together tomorrow too unless usually very well what when
    whenever where whereas wherever whether which while whose why yes yesterday yet
    """
)

FUNCTION_WORDS = DETERMINERS | PREPOSITIONS | PRONOUNS | AUXILIARIES | LINKS

BACKWARD_WORDS = words_of(
    """
    again all also and another both but each either few half he hence her here him his however indeed instead it
    its many meanwhile most neither none nor now one ones or others otherwise she so some still such that their
    them then there therefore these they this those thus too yet
    """
)
"""A sentence that begins with one of them leans on the sentence before it."""

ADDRESSES = words_of(
    """
    i let's me my our us we you your yours
    """
)

NUMBERS = words_of(
    """
    eight eighteen eighty eleven fifteen fifty five forty four fourteen nine nineteen ninety seven seventeen
    seventy six sixteen sixty ten thirteen thirty three twelve twenty two
    """
)

SCALES = words_of(
    """
    billion hundred million thousand
    """
)

MONTHS = words_of(
    """
    april august december february january july june march may november october september
    """
)

ORDINALS = words_of(
    """
    eighth eleventh fifth first fourth ninth second seventh sixth tenth third twelfth
    """
)

_PLAIN = words_of(
    """
    able act acts actual added aim amount answer answers anything area attention bad bare basis beginning best
    better big bit bits bottom bound brief bright care case cases centre chance chances change changes choice
    clear close comes coming common commonest course courses day days deal deep difference different difficult
    direction doing dozen dozens due earlier early easy edge effect effects end ends enough entire equal example
    examples face fact facts fair false familiar far fast feet few fine following foot form forms free full
    further future general given gives giving glad good great greater greatest group groups half hand hands hard
    height help high higher highest hold home hour hours hundreds idea ideas important inch instance job keep
    keeping kind kinds knowledge known lack large larger largest last late later latter least left length less
    letting level life like likely line lines list little local long longer look lot low lower main making man
    manner matter means men middle mine minute minutes moment moments month months morning most name named names
    narrow near nearest necessary need needs new next nice night nights number numbers object objects old only
    open opposite order ordinary other others outside own page pages pair pairs part particular particularly parts
    past people person piece pieces place places plain point points poor position possible power present problem
    problems proper purpose quality quarter question questions quick quickly quiet range rare rate ready real
    really reason reasons rest result results right room round rule rules safe said same seconds self sense set
    shape share sharp short shorter side sides similar simple single size slight slow small smaller smallest
    so-called soft somewhat sort sorts space speed spot start state step steps story straight strange strong such
    sure surest taken task tell terms thing things thought thousands time times top total trouble true turn turns
    type types unit use used useful usual value values various view way ways week weeks weight whole wide width
    wish word words work works world worth wrong year years young
    """
)

PLAIN_WORDS = _PLAIN | ORDINALS | NUMBERS | SCALES
"""Nouns and adjectives that every text has: a gap in their place asks for nothing that was taught."""

COMMANDS = words_of(
    """
    add answer ask be begin bring buy call carry check choose clamp compare consider count cover cut decide
    describe distrust divide do draw drop exchange fetch find follow forget get give go halve hang hold imagine
    join keep lay lean learn leave let listen look make mark measure move nip note notice open pick play plot
    point practise press print put quote read remember remove repeat rest return run say see set show sing sort
    spread stand start stop subtract suppose take tell think tip touch try turn use wait walk want watch write
    """
)
"""A sentence that begins with one of them tells somebody to do something."""

LESSON_WORDS = words_of(
    """
    assignment chapter course essay exercise lesson module presenter recording
    """
)
"""After `this`, `next`, `your` and the like they speak of the teaching itself."""

GIVEN_NAMES = words_of(
    """
    ada adam agnes albert alexander alfred alice andreas andrew anna anne anthony antonie antonio arthur barbara
    benjamin bernard bertrand carl caroline catherine cecilia charles charlotte christian christopher clara claude
    daniel david dmitri dorothy edgar edmund edward edwin elizabeth emily emma enea enrico ernest erwin eva felix
    francesco francis franz frederick friedrich galileo georg george gerard giovanni giuseppe gottfried grace
    gregor guglielmo hannah hans harriet heinrich helen henri henry herbert hermann hugh humphry immanuel isaac
    jakob james jan jane jean joan johann johannes john jonathan joseph josiah jules julia karl katherine kurt
    laura leo leonardo leonhard lewis louis lucas ludwig luigi marco margaret maria marie mark martin mary matthew
    max michael michel miguel muhammad muriel niccolo nicholas nicolaus niels nikola norman oliver oscar otto paul
    peter philip pierre pietro rachel raphael rene richard robert roger ronald rosa rosalind ruth samuel sarah
    sigmund simon sofia stephen susan theodore thomas timothy tycho ursula victor vincent virginia vita walter
    werner wilhelm william wolfgang
    """
)

TITLES = words_of(
    """
    captain dr emperor empress king lady lord pope president professor queen saint sir st
    """
)

DEMONYMS = words_of(
    """
    catholic czech dutch french german greek latin lutheran protestant roman swiss
    """
)
"""Those that do not end in -ian, -ean, -can, -ish or -ese."""

PLACES = words_of(
    """
    africa america amsterdam antarctica antwerp asia athens australia austria babylon baghdad basel beijing
    belgium berlin bohemia brazil britain burma cairo cambridge canada chicago chile china cologne constantinople
    copenhagen denmark dublin edinburgh egypt england ethiopia europe finland florence france frankfurt geneva
    germany ghana greece greenwich hungary iceland india indonesia iran iraq ireland israel istanbul italy jamaica
    japan jerusalem kenya korea krakow leipzig lisbon london madrid mainz mexico milan morocco moscow munich
    naples netherlands nigeria norway nuremberg oxford pakistan paris persia peru philadelphia poland portugal
    prague rome rothamsted russia scotland shanghai siberia singapore spain stockholm strasbourg sweden
    switzerland syria tokyo turkey ukraine venice vienna vietnam wales warsaw washington wittenberg zurich
    """
)
