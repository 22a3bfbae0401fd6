"""The schools and people of a fresh installation: pure data that the loader turns into rows."""

from dataclasses import dataclass
from typing import Literal

Plan = Literal["free", "basic", "premium", "enterprise"]
Role = Literal["STUDENT", "TEACHER", "ADMIN", "SUPER_ADMIN"]


@dataclass(frozen=True, slots=True)
class DemoBranch:
    """A place where a school teaches; its slug is unique within the organization."""

    slug: str
    name: str
    city: str
    state: str
    country: str
    postal_code: str
    address: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class DemoOrganization:
    """A tenant with its branding and branches, the main one first."""

    slug: str
    name: str
    description: str
    contact_email: str
    contact_phone: str
    address: str
    plan: Plan
    primary_color: str
    secondary_color: str
    branches: tuple[DemoBranch, ...]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Someone who can log in; `branch` is the slug of the branch they belong to, where they have one."""

    email: str
    display_name: str
    role: Role
    locale: str
    time_zone: str
    branch: str | None


PASSWORD = "Lyceum-Demo-2026"

PLATFORM_ADMIN = DemoPerson("root@lyceum.example", "Platform Administrator", "SUPER_ADMIN", "en-GB", "Etc/UTC", None)

ORGANIZATIONS: tuple[DemoOrganization, ...] = (
    DemoOrganization(
        slug="demo",
        name="Northlight Lyceum",
        description=(
            "An independent lyceum in Edinburgh, Kraków and Lisbon, where the sciences, the humanities and the arts "
            "are taught side by side. Classes are small and meet both on campus and online, so that students from "
            "Reykjavík to Tokyo can share the same seminar. English is the common language, and few speak only that."
        ),
        contact_email="office@demo.example",
        contact_phone="+44 131 496 0184",
        address="Meridian House, Buccleuch Place, Edinburgh EH8 9LW, United Kingdom",
        plan="premium",
        primary_color="#1F3A5F",
        secondary_color="#C8963E",
        branches=(
            DemoBranch(
                slug="edinburgh",
                name="Edinburgh Campus",
                city="Edinburgh",
                state="Scotland",
                country="United Kingdom",
                postal_code="EH8 9LW",
                address="Meridian House, Buccleuch Place",
                latitude=55.9424,
                longitude=-3.1865,
            ),
            DemoBranch(
                slug="krakow",
                name="Kraków Campus",
                city="Kraków",
                state="Lesser Poland",
                country="Poland",
                postal_code="31-007",
                address="ul. Gołębia 30",
                latitude=50.0609,
                longitude=19.9345,
            ),
            DemoBranch(
                slug="lisbon",
                name="Lisbon Campus",
                city="Lisbon",
                state="Lisbon",
                country="Portugal",
                postal_code="1250-102",
                address="Casa do Meridiano, Rua da Escola Politécnica",
                latitude=38.7178,
                longitude=-9.1503,
            ),
        ),
    ),
    DemoOrganization(
        slug="other",
        name="Cormorant Quay School of Seamanship",
        description=(
            "A small vocational school on the Atlantic coast of Canada for people who work on the water or build the "
            "boats that do. Theory is studied online in the evenings; practice happens in the workshops of Halifax "
            "and St. John's and, from May to October, at sea."
        ),
        contact_email="office@other.example",
        contact_phone="+1 902 555 0147",
        address="The Chain Locker, Lower Water Street, Halifax, Nova Scotia B3J 1S3, Canada",
        plan="basic",
        primary_color="#0B5563",
        secondary_color="#E07A3F",
        branches=(
            DemoBranch(
                slug="halifax",
                name="Halifax Waterfront",
                city="Halifax",
                state="Nova Scotia",
                country="Canada",
                postal_code="B3J 1S3",
                address="The Chain Locker, Lower Water Street",
                latitude=44.6476,
                longitude=-63.5703,
            ),
            DemoBranch(
                slug="st-johns",
                name="St. John's Harbour",
                city="St. John's",
                state="Newfoundland and Labrador",
                country="Canada",
                postal_code="A1C 1B6",
                address="The Sail Loft, Water Street",
                latitude=47.5636,
                longitude=-52.7076,
            ),
        ),
    ),
)

PEOPLE: dict[str, tuple[DemoPerson, ...]] = {
    "demo": (
        DemoPerson("admin@demo.example", "Catriona Lindsay", "ADMIN", "en-GB", "Europe/London", "edinburgh"),
        DemoPerson("teacher@demo.example", "Tomasz Brzeziński", "TEACHER", "en-GB", "Europe/Warsaw", "krakow"),
        DemoPerson("student@demo.example", "Amina Chaudhry", "STUDENT", "en-GB", "Europe/London", "edinburgh"),
        DemoPerson("ailsa.drummond@demo.example", "Ailsa Drummond", "STUDENT", "en-GB", "Europe/London", "edinburgh"),
        DemoPerson("callum.buchan@demo.example", "Callum Buchan", "STUDENT", "en-GB", "Europe/London", "edinburgh"),
        DemoPerson(
            "priya.raghunathan@demo.example", "Priya Raghunathan", "STUDENT", "en-GB", "Europe/London", "edinburgh"
        ),
        DemoPerson("owain.prydderch@demo.example", "Owain Prydderch", "STUDENT", "cy-GB", "Europe/London", "edinburgh"),
        DemoPerson(
            "niamh.nifhaolain@demo.example", "Niamh Ní Fhaoláin", "STUDENT", "en-IE", "Europe/Dublin", "edinburgh"
        ),
        DemoPerson(
            "freyja.sigurdardottir@demo.example",
            "Freyja Sigurðardóttir",
            "STUDENT",
            "is-IS",
            "Atlantic/Reykjavik",
            "edinburgh",
        ),
        DemoPerson("emeka.okonkwo@demo.example", "Emeka Okonkwo", "STUDENT", "en-NG", "Africa/Lagos", "edinburgh"),
        DemoPerson(
            "folasade.adebayo@demo.example", "Fọláṣadé Adébáyọ̀", "STUDENT", "yo-NG", "Africa/Lagos", "edinburgh"
        ),
        DemoPerson("jorgen.aasland@demo.example", "Jørgen Aasland", "STUDENT", "nb-NO", "Europe/Oslo", "edinburgh"),
        DemoPerson(
            "bjorn.hallstrom@demo.example", "Björn Hallström", "STUDENT", "sv-SE", "Europe/Stockholm", "edinburgh"
        ),
        DemoPerson(
            "annika.vogelsang@demo.example", "Annika Vogelsang", "STUDENT", "de-DE", "Europe/Berlin", "edinburgh"
        ),
        DemoPerson("rohan.deshpande@demo.example", "Rohan Deshpande", "STUDENT", "en-IN", "Asia/Kolkata", "edinburgh"),
        DemoPerson("minjun.seo@demo.example", "Seo Min-jun", "STUDENT", "ko-KR", "Asia/Seoul", "edinburgh"),
        DemoPerson("haruto.nakagawa@demo.example", "Haruto Nakagawa", "STUDENT", "ja-JP", "Asia/Tokyo", "edinburgh"),
        DemoPerson("yuko.onishi@demo.example", "Yūko Ōnishi", "STUDENT", "ja-JP", "Asia/Tokyo", "edinburgh"),
        DemoPerson("yuqing.lin@demo.example", "Lín Yǔqíng", "STUDENT", "zh-CN", "Asia/Shanghai", "edinburgh"),
        DemoPerson("zofia.wojcicka@demo.example", "Zofia Wójcicka", "STUDENT", "pl-PL", "Europe/Warsaw", "krakow"),
        DemoPerson("stanislaw.zurek@demo.example", "Stanisław Żurek", "STUDENT", "pl-PL", "Europe/Warsaw", "krakow"),
        DemoPerson(
            "malgorzata.sliwinska@demo.example", "Małgorzata Śliwińska", "STUDENT", "pl-PL", "Europe/Warsaw", "krakow"
        ),
        DemoPerson("tymon.kedzierski@demo.example", "Tymon Kędzierski", "STUDENT", "pl-PL", "Europe/Warsaw", "krakow"),
        DemoPerson("ondrej.havlicek@demo.example", "Ondřej Havlíček", "STUDENT", "cs-CZ", "Europe/Prague", "krakow"),
        DemoPerson("reka.szollosi@demo.example", "Réka Szőllősi", "STUDENT", "hu-HU", "Europe/Budapest", "krakow"),
        DemoPerson("stefan.munteanu@demo.example", "Ștefan Munteanu", "STUDENT", "ro-RO", "Europe/Bucharest", "krakow"),
        DemoPerson("oksana.kovalchuk@demo.example", "Oksana Kovalchuk", "STUDENT", "uk-UA", "Europe/Kyiv", "krakow"),
        DemoPerson("eleni.papadaki@demo.example", "Eléni Papadáki", "STUDENT", "el-GR", "Europe/Athens", "krakow"),
        DemoPerson("ruta.zemaityte@demo.example", "Rūta Žemaitytė", "STUDENT", "lt-LT", "Europe/Vilnius", "krakow"),
        DemoPerson("emre.yildirim@demo.example", "Emre Yıldırım", "STUDENT", "tr-TR", "Europe/Istanbul", "krakow"),
        DemoPerson("levan.tsiklauri@demo.example", "Levan Tsiklauri", "STUDENT", "ka-GE", "Asia/Tbilisi", "krakow"),
        DemoPerson("thuha.nguyen@demo.example", "Nguyễn Thị Thu Hà", "STUDENT", "vi-VN", "Asia/Ho_Chi_Minh", "krakow"),
        DemoPerson("ines.carvalhal@demo.example", "Inês Carvalhal", "STUDENT", "pt-PT", "Europe/Lisbon", "lisbon"),
        DemoPerson("tomas.figueiredo@demo.example", "Tomás Figueiredo", "STUDENT", "pt-PT", "Europe/Lisbon", "lisbon"),
        DemoPerson("thiago.conceicao@demo.example", "Thiago Conceição", "STUDENT", "pt-BR", "America/Bahia", "lisbon"),
        DemoPerson(
            "beatriz.guimaraes@demo.example", "Beatriz Guimarães", "STUDENT", "pt-BR", "America/Sao_Paulo", "lisbon"
        ),
        DemoPerson(
            "inigo.arrizabalaga@demo.example", "Íñigo Arrizabalaga", "STUDENT", "es-ES", "Europe/Madrid", "lisbon"
        ),
        DemoPerson(
            "ximena.villasenor@demo.example", "Ximena Villaseñor", "STUDENT", "es-MX", "America/Mexico_City", "lisbon"
        ),
        DemoPerson("karim.elmasry@demo.example", "Karim El-Masry", "STUDENT", "ar-EG", "Africa/Cairo", "lisbon"),
        DemoPerson("salma.fawzy@demo.example", "Salma Fawzy", "STUDENT", "ar-EG", "Africa/Cairo", "lisbon"),
        DemoPerson(
            "youssef.benjelloun@demo.example", "Youssef Benjelloun", "STUDENT", "fr-MA", "Africa/Casablanca", "lisbon"
        ),
        DemoPerson("nelio.macuacua@demo.example", "Nélio Macuácua", "STUDENT", "pt-MZ", "Africa/Maputo", "lisbon"),
        DemoPerson("camille.lefevre@demo.example", "Camille Lefèvre", "STUDENT", "fr-FR", "Europe/Paris", "lisbon"),
    ),
    "other": (
        DemoPerson("admin@other.example", "Margaret Comeau", "ADMIN", "en-CA", "America/Halifax", "halifax"),
        DemoPerson("teacher@other.example", "Silas Penney", "TEACHER", "en-CA", "America/St_Johns", "st-johns"),
        DemoPerson("student@other.example", "Theo MacIsaac", "STUDENT", "en-CA", "America/Halifax", "halifax"),
        DemoPerson(
            "elodie.theriault@other.example", "Élodie Thériault", "STUDENT", "fr-CA", "America/Moncton", "halifax"
        ),
        DemoPerson("arjun.sandhu@other.example", "Arjun Sandhu", "STUDENT", "en-CA", "America/Halifax", "halifax"),
        DemoPerson(
            "bronwyn.keeping@other.example", "Bronwyn Keeping", "STUDENT", "en-CA", "America/St_Johns", "st-johns"
        ),
        DemoPerson(
            "marisol.delacruz@other.example", "Marisol Dela Cruz", "STUDENT", "fil-PH", "Asia/Manila", "st-johns"
        ),
    ),
}
