"""Who has taken which quiz, and which questions they missed; the loader turns that into answers and has them graded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoAttempt:
    """An attempt of somebody who is enrolled; `missed` are the numbers of questions, from 1, not answered right."""

    email: str
    days_ago: int
    minutes: int
    missed: tuple[int, ...] = ()


HISTORY: dict[str, dict[str, tuple[DemoAttempt, ...]]] = {
    "demo": {
        "reading-the-night-sky": (
            DemoAttempt("student@demo.example", 12, 16, missed=(2, 4, 6, 7)),
            DemoAttempt("student@demo.example", 9, 13, missed=(6,)),
            DemoAttempt("ailsa.drummond@demo.example", 11, 12),
            DemoAttempt("freyja.sigurdardottir@demo.example", 11, 9, missed=(5,)),
            DemoAttempt("emeka.okonkwo@demo.example", 10, 18, missed=(3, 6, 7)),
            DemoAttempt("emeka.okonkwo@demo.example", 8, 15, missed=(7,)),
            DemoAttempt("annika.vogelsang@demo.example", 10, 11, missed=(6,)),
            DemoAttempt("haruto.nakagawa@demo.example", 9, 14, missed=(1, 4)),
            DemoAttempt("reka.szollosi@demo.example", 7, 19, missed=(2, 3, 5, 7)),
            DemoAttempt("ines.carvalhal@demo.example", 6, 10, missed=(7,)),
            DemoAttempt("salma.fawzy@demo.example", 5, 17, missed=(4, 6)),
        ),
        "learning-from-data": (
            DemoAttempt("callum.buchan@demo.example", 13, 21, missed=(3, 5)),
            DemoAttempt("priya.raghunathan@demo.example", 12, 14),
            DemoAttempt("emeka.okonkwo@demo.example", 9, 24, missed=(2, 4, 5, 7)),
            DemoAttempt("minjun.seo@demo.example", 8, 17, missed=(5,)),
            DemoAttempt("salma.fawzy@demo.example", 6, 19, missed=(1, 5)),
        ),
        "the-age-of-print": (
            DemoAttempt("owain.prydderch@demo.example", 10, 12, missed=(6,)),
            DemoAttempt("zofia.wojcicka@demo.example", 9, 15, missed=(3, 4, 6)),
            DemoAttempt("camille.lefevre@demo.example", 4, 11),
        ),
        "programming-with-python": (
            DemoAttempt("student@demo.example", 4, 22, missed=(3, 7)),
            DemoAttempt("priya.raghunathan@demo.example", 11, 9),
            DemoAttempt("stanislaw.zurek@demo.example", 8, 20, missed=(3, 4, 5)),
            DemoAttempt("stanislaw.zurek@demo.example", 7, 16, missed=(3,)),
            DemoAttempt("emre.yildirim@demo.example", 7, 18, missed=(2,)),
            DemoAttempt("nelio.macuacua@demo.example", 3, 24, missed=(1, 3, 5, 6)),
        ),
        "the-art-of-the-essay": (
            DemoAttempt("ailsa.drummond@demo.example", 6, 12, missed=(5,)),
            DemoAttempt("niamh.nifhaolain@demo.example", 5, 10),
            DemoAttempt("beatriz.guimaraes@demo.example", 2, 17, missed=(2, 5)),
        ),
        "hearing-harmony": (
            DemoAttempt("jorgen.aasland@demo.example", 5, 13, missed=(2, 4)),
            DemoAttempt("yuko.onishi@demo.example", 3, 9),
        ),
    },
    "other": {
        "reading-the-night-sky": (
            DemoAttempt("student@other.example", 6, 24, missed=(2, 3)),
            DemoAttempt("elodie.theriault@other.example", 5, 19, missed=(6,)),
        ),
        "building-a-clinker-dinghy": (DemoAttempt("bronwyn.keeping@other.example", 3, 11, missed=(5,)),),
    },
}
