"""The items of the course "The Age of Print: Europe, 1450 to 1650"."""

from subgraphs.content.demo_data.item import DemoItem

THE_AGE_OF_PRINT: tuple[DemoItem, ...] = (
    DemoItem(
        course="the-age-of-print",
        module="Mainz around 1450: movable type and the Gutenberg Bible",
        type="TEXT",
        title="A letter about a marvellous man at Frankfurt",
        text="""\
On 12 March 1455 the diplomat Enea Silvio Piccolomini, later Pope Pius II, wrote to a cardinal in Rome about
something he had come across in Frankfurt. A marvellous man had been showing gatherings of a Bible in
lettering so clean and correct that the cardinal could have read it without his spectacles. Some people spoke
of 158 copies, others of 180. All were already sold.

The man was Johannes Gutenberg or one of his associates, and the letter shows us what impressed a
contemporary: not that the book was strange, but that it was as good as a fine manuscript and that there were
so many. Gutenberg's Bible has two columns of 42 lines to the page and runs to nearly 1,300 pages. About three
quarters of the copies were printed on paper and the rest on vellum. The initials and headings were added by
hand afterwards, so that no two copies are quite alike.

Each element of the process had a history. Presses squeezed grapes and paper; goldsmiths cut steel punches;
Chinese printers had used movable type of baked clay in the eleventh century, and a Korean book printed with
metal type survives from 1377. What Gutenberg worked out was a system. A letter was cut in relief on a steel
punch, struck into copper to make a matrix, and the matrix fitted into a mould in which an alloy of lead, tin
and antimony was cast. Thousands of identical letters could be produced, set into pages, printed, taken apart
and used again. Because writing ink runs off metal, the printers made an oily one that clung to it.

It was also a business, and an expensive one. Gutenberg had borrowed heavily from Johann Fust, who went to law
in 1455 and won much of what the workshop had made. With Peter Schöffer, once Gutenberg's workman, Fust went
on printing. The inventor of the new art had run out of money on the eve of its success.""",
        difficulty="BEGINNER",
        tags=("gutenberg", "movable type", "bible", "mainz"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-age-of-print",
        module="Aldus Manutius and the Venetian book trade",
        type="TEXT",
        title="Virgil in the palm of the hand",
        text="""\
Look at a page of the Virgil that Aldus Manutius published in Venice in April 1501. There is no commentary
crowding the margins, only the verse, in a slanting letter as light as handwriting. It is the first book
printed throughout in italic. The volume is an octavo, so called because each sheet has been folded three
times to make eight leaves, and it slips into a sleeve or a saddlebag. Until then the classics had mostly been
folios for the lectern. Now one could read Virgil in a garden.

Aldus had been a schoolmaster, and he came to Venice with a teacher's plan: to print the Greek authors in
Greek. There was no better place. Venice had paper from the mainland, merchants with capital, ships to carry
the sheets, and a colony of Greek scholars who had come west before and after the Turks took Constantinople in
1453. Between 1495 and 1498 Aldus brought out Aristotle in five volumes. His punch-cutter, Francesco Griffo,
made the Greek types, a roman face for Pietro Bembo's little book on Etna whose descendants we still read, and
finally the italic.

His device was a dolphin twined about an anchor, with the motto festina lente, make haste slowly: the quick
animal and the thing that holds fast. Erasmus, who lived and worked in the house in 1508 while the great
edition of his Adages went through the press, wrote a whole essay upon it.

Success brought imitators. The Venetian government granted privileges, which forbade others to copy a book or
even a style of type for some years, but a privilege stopped at the frontier. Printers in Lyons soon produced
italic octavos that looked like his and lacked his name. In 1503 Aldus published a sheet that listed their
misprints, so that buyers could tell the copies apart. The pirates, it is said, used the list to correct their
next edition. Copying, pricing and trust were problems of publishing from the start.""",
        difficulty="BEGINNER",
        tags=("aldus", "venice", "italic type", "humanism"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-age-of-print",
        module="Pamphlets and the Reformation: Luther in print",
        type="TEXT",
        title="Christ kneels, the Pope is kissed",
        text="""\
Two woodcuts face each other across an open pamphlet of 1521. On the left Christ kneels to wash his disciples'
feet. On the right the Pope, enthroned, holds out his foot for princes to kiss. The Passional of Christ and
Antichrist, with pictures from Lucas Cranach's workshop in Wittenberg, sets out thirteen such pairs. A person
who could not read a word would have understood every page.

The ninety-five theses of October 1517 were written in Latin for a debate among scholars, and it was others
who first had them reprinted. Luther learnt quickly. Early in 1518 he restated his argument in a Sermon on
Indulgences and Grace: in German, in short numbered points, and filling only eight pages. It went through more
than a dozen editions that year in several towns. No copyright protected it, and none was wanted; each local
printer who reset the text carried it a few days' ride further, at his own expense and to his own profit.

The form mattered as much as the message. A pamphlet of one or two sheets could be set and printed within a
couple of days, hidden under a cloak, and bought for about the price of a hen. At a time when perhaps one
German in ten could read, it found its public by being read aloud in taverns, preached from, argued over and
sung. In September 1522 came something more substantial, Luther's German New Testament, in an edition of some
three thousand that was gone by Christmas.

Did the press cause the Reformation? A century earlier Jan Hus had preached against indulgences and raised all
Bohemia without it, though he was burnt in 1415 and his teaching stayed largely within his own country. And
the press served Luther's opponents as well; they simply used it less often and more often in Latin. It is
safer to say that print changed the speed and the reach of the quarrel. When the Edict of Worms ordered his
books to be burnt in 1521, there were already too many.""",
        difficulty="INTERMEDIATE",
        tags=("reformation", "luther", "pamphlets", "woodcuts"),
        duration_minutes=10,
    ),
    DemoItem(
        course="the-age-of-print",
        module="1543: Vesalius in Basel, Copernicus in Nuremberg",
        type="TEXT",
        title="Two title pages from one remarkable year",
        text="""\
The title page of Andreas Vesalius's book on the fabric of the human body, printed in Basel by Johannes
Oporinus in 1543, shows a crowded theatre. In the middle lies the body of a woman, opened; beside her stands
Vesalius, twenty-eight years old, with his own hand on the corpse. That hand is the argument. Professors of
anatomy had been accustomed to read Galen aloud from a high chair while a barber did the cutting. Vesalius had
come down from the chair, and he reported that Galen, who had dissected apes and other animals, was wrong
about man in scores of places. The human lower jaw, for instance, is a single bone and not two.

Anyone could have said so in a lecture. Print made it possible to show it. The pictures, generally thought to
come from Titian's circle, were cut on blocks of wood in Venice and carried over the Alps with a letter of
instruction to the printer, and every copy repeated them exactly. Letters of the alphabet on muscles and bones
tie the picture to the text. A student in Krakow and one in Salamanca could look at the same vein.

The other book of 1543 has a plain title page and looks like work. Nicolaus Copernicus's On the Revolutions,
printed in Nuremberg by Johannes Petreius, puts the Sun near the centre and sets the Earth moving among the
planets. Copernicus had hesitated for decades. It was a young visitor, Georg Joachim Rheticus, who persuaded
him and carried the manuscript to the printer. The Lutheran minister Andreas Osiander, who saw it through the
press, added an unsigned preface which told readers to take the moving Earth as a convenience for calculation
only. Copernicus died in May, too late to object.

Some four or five hundred copies were printed, and more than half survive. Owners corrected, queried and
cross-referenced in the margins, and their notes prove that the book was read with care. That may be the
deepest change: scholars far apart could now disagree about the same page.""",
        difficulty="INTERMEDIATE",
        tags=("vesalius", "copernicus", "anatomy", "astronomy"),
        duration_minutes=10,
    ),
    DemoItem(
        course="the-age-of-print",
        module="The censors respond: the Roman Index of 1559",
        type="TEXT",
        title="The page that lists what must not be read",
        text="""\
Open a small book printed in Rome in January 1559 by Antonio Blado, printer to the Pope. It contains no story
and no argument, only names in alphabetical order. Under each letter there are three classes: authors all of
whose works are forbidden, single books by authors otherwise allowed, and books without an author's name. It
is the Index issued under Paul IV, the first that was meant to bind the whole Catholic Church.

The theologians of Paris and Louvain had published lists in the 1540s, and Venice had tried one in 1549. The
Roman Index went much further. Erasmus, whom a previous pope had thanked for his scholarship, stood in the
first class with everything he had ever written. Boccaccio's Decameron was named. So were dozens of printers,
on the principle that a man who had once printed heresy could not be trusted with anything. Bibles in the
common tongues needed permission. Booksellers protested that they would be ruined; scholars, that they could
no longer work, since a Church Father edited by Erasmus had become a forbidden book.

The list proved too harsh to enforce, and in 1564 a milder one followed, the work of a commission of the
Council of Trent. It introduced a useful formula, donec corrigatur: forbidden until corrected. A book could
return to the shelf once offending passages had been inked over. This was to be the fate of Copernicus, whose
great work was suspended in 1616, seventy-three years after it appeared; of the copies that survive, most of
those then in Italy bear the corrections and few of those elsewhere.

Censorship was not a Catholic speciality. Protestant Geneva and Anglican London licensed their printers too.
Nor was it simply a failure. The Index shaped what Italians printed and dared to own, yet in Protestant towns
it served as an advertisement: there a publisher could study it for titles worth reprinting. It was kept up,
in edition after edition, for four centuries, and lost its force only in 1966.""",
        difficulty="INTERMEDIATE",
        tags=("censorship", "index", "papacy", "erasmus"),
        duration_minutes=9,
    ),
    DemoItem(
        course="the-age-of-print",
        module="Strasbourg, 1605: the birth of the printed newspaper",
        type="TEXT",
        title="Johann Carolus asks the council for a favour",
        text="""\
In December 1605 a bookseller of Strasbourg, Johann Carolus, petitioned his town council. For some time, he
explained, he had earned part of his living by copying out the weekly news by hand for rich subscribers. The
copying was slow and the profit small. So, having bought a printing shop the year before, he had begun to set
the reports in type, and he had now done so twelve times. Would the council please forbid anyone else in the
city to do the same? The council refused. We owe our knowledge of the first printed newspaper to a letter
asking for a monopoly and not getting it.

Notice what was new and what was not. Handwritten newsletters had circulated among bankers and princes for
generations; the Fugger of Augsburg kept thousands. Printed pamphlets had long announced a battle, a comet or
a monstrous birth. Carolus joined the two. His Relation, as he called it, came out every week whether or not
anything remarkable had occurred, and it was open to anyone who could pay. A periodical makes a promise that a
pamphlet does not: there will be another.

The calendar was set by the post. The imperial mail run by the Taxis family brought letters on fixed days, and
the paper followed it, arranging its reports by the place and date from which they had been sent: from
Cologne, from Prague, from Venice. There were no headlines, no pictures and scarcely any comment. Local news
was missing altogether, partly because readers had it already and partly because the council would not have
cared to see itself discussed.

The oldest issues that survive date from 1609, the year in which a second German paper, the Aviso of
Wolfenbüttel, is also known. War multiplied them. Within a few years of 1618 there were papers in Amsterdam,
Antwerp and London, and in 1650 Leipzig had one six days a week. Historians argue over how far such reading
created a public opinion. It certainly created an appetite.""",
        difficulty="ADVANCED",
        tags=("newspapers", "strasbourg", "carolus", "postal service"),
        duration_minutes=10,
    ),
)
