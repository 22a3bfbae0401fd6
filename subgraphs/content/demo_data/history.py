"""Who has read how far: the learner history of a fresh installation."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoReader:
    """Somebody who is enrolled and has completed the first items of a course, one a day, the last so many days ago."""

    email: str
    items: int
    days_ago: int


HISTORY: dict[str, dict[str, tuple[DemoReader, ...]]] = {
    "demo": {
        "reading-the-night-sky": (
            DemoReader("student@demo.example", 4, 9),
            DemoReader("ailsa.drummond@demo.example", 7, 11),
            DemoReader("freyja.sigurdardottir@demo.example", 7, 11),
            DemoReader("emeka.okonkwo@demo.example", 6, 8),
            DemoReader("annika.vogelsang@demo.example", 5, 10),
            DemoReader("haruto.nakagawa@demo.example", 3, 9),
            DemoReader("reka.szollosi@demo.example", 2, 7),
            DemoReader("ines.carvalhal@demo.example", 7, 6),
            DemoReader("salma.fawzy@demo.example", 1, 5),
        ),
        "learning-from-data": (
            DemoReader("callum.buchan@demo.example", 5, 13),
            DemoReader("priya.raghunathan@demo.example", 6, 12),
            DemoReader("emeka.okonkwo@demo.example", 2, 9),
            DemoReader("minjun.seo@demo.example", 4, 8),
            DemoReader("salma.fawzy@demo.example", 3, 6),
        ),
        "the-age-of-print": (
            DemoReader("owain.prydderch@demo.example", 6, 10),
            DemoReader("zofia.wojcicka@demo.example", 3, 9),
            DemoReader("camille.lefevre@demo.example", 6, 4),
        ),
        "programming-with-python": (
            DemoReader("student@demo.example", 3, 4),
            DemoReader("priya.raghunathan@demo.example", 7, 11),
            DemoReader("stanislaw.zurek@demo.example", 5, 7),
            DemoReader("emre.yildirim@demo.example", 4, 7),
            DemoReader("nelio.macuacua@demo.example", 2, 3),
        ),
        "the-art-of-the-essay": (
            DemoReader("ailsa.drummond@demo.example", 4, 6),
            DemoReader("niamh.nifhaolain@demo.example", 5, 5),
            DemoReader("beatriz.guimaraes@demo.example", 2, 2),
        ),
        "hearing-harmony": (
            DemoReader("jorgen.aasland@demo.example", 3, 5),
            DemoReader("yuko.onishi@demo.example", 6, 3),
        ),
    },
    "other": {
        "reading-the-night-sky": (
            DemoReader("student@other.example", 1, 6),
            DemoReader("elodie.theriault@other.example", 2, 5),
        ),
        "building-a-clinker-dinghy": (DemoReader("bronwyn.keeping@other.example", 1, 3),),
    },
}
