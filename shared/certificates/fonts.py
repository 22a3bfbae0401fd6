"""The fonts of certificates and which of them print which script.

Latin, Greek, Cyrillic and Hebrew are printed in Libertinus, which typst has inside; the other fonts are files of
packages, all under the SIL Open Font License. Fonts of the machine are never used: it would print something else.
"""

import functools
from importlib.util import find_spec

import typst

from shared.certificates.text import script

_PACKAGES = (
    "fontpkg_amiri",
    "justmytype_intl_africa",
    "justmytype_intl_cjk",
    "justmytype_intl_sea",
    "justmytype_intl_south_asia",
)

_SERIF = "Libertinus Serif"
_PLAIN = "DejaVu Sans Mono"
"""Also inside typst; not handsome, but the only one for Armenian, Georgian and many symbols."""

_CHINESE, _TAIWANESE, _JAPANESE, _KOREAN = "Noto Sans SC", "Noto Sans TC", "Noto Sans JP", "Noto Sans KR"

_FAMILIES = {
    "ARABIC": "Amiri",
    "DEVANAGARI": "Noto Sans Devanagari",
    "BENGALI": "Noto Sans Bengali",
    "TAMIL": "Noto Sans Tamil",
    "TELUGU": "Noto Sans Telugu",
    "THAI": "Noto Sans Thai",
    "LAO": "Noto Sans Lao",
    "KHMER": "Noto Sans Khmer",
    "MYANMAR": "Noto Sans Myanmar",
    "ETHIOPIC": "Noto Sans Ethiopic",
    "HIRAGANA": _JAPANESE,
    "KATAKANA": _JAPANESE,
    "HANGUL": _KOREAN,
    "ARMENIAN": _PLAIN,
    "GEORGIAN": _PLAIN,
}

_HAN = {"ja": _JAPANESE, "ko": _KOREAN, "zh-Hant": _TAIWANESE}
"""The same character of Chinese is drawn differently in each of these languages."""


@functools.cache
def fonts() -> typst.Fonts:
    """Every font that a certificate may use; found once, which takes some milliseconds."""
    specs = (find_spec(name) for name in _PACKAGES)
    folders = [folder for spec in specs if spec for folder in spec.submodule_search_locations or ()]
    return typst.Fonts(include_system_fonts=False, font_paths=folders)


def families(text: str, language: str) -> list[str]:
    """The families to print a text in, the first that has a character wins.

    The fonts of the text's own scripts come first, so that marks, joiners and punctuation are shaped together with
    their letters. `language` decides among the Chinese, Japanese and Korean shapes of Han characters.
    """
    scripts = dict.fromkeys(script(character) for character in text)
    own = [_FAMILIES[name] for name in scripts if name in _FAMILIES]
    han = _HAN.get(language, _CHINESE)
    everything = [*own, *([han] if "CJK" in scripts else []), _SERIF, *_FAMILIES.values(), han, _CHINESE, _TAIWANESE]
    return list(dict.fromkeys(everything))
