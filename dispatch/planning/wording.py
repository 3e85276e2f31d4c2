"""Words, faults, lacks and times as people say them, about anything that is planned."""

from directory.participants import EVERYWHERE
from dispatch.planning.bits import Authority, Label, OneOf, Seats, Serves, Speaks, Word
from optimizer.plan import Part

NOTICEABLE_S = 60
"""What is nearer, later or earlier by less is not worth a sentence."""

LANGUAGES = {
    "lang_en": "English",
    "lang_es": "Spanish",
    "lang_asl": "American Sign Language",
    "lang_nv": "Navajo",
    "lang_zh": "Chinese",
    "lang_vi": "Vietnamese",
    "lang_ar": "Arabic",
    "lang_so": "Somali",
    "lang_sw": "Swahili",
    "lang_pt": "Portuguese",
    "lang_ru": "Russian",
    "lang_uk": "Ukrainian",
    "lang_fa": "Persian",
    "lang_ko": "Korean",
    "lang_to": "Tongan",
    "lang_sm": "Samoan",
    "lang_fr": "French",
    "lang_ne": "Nepali",
}

FAULTS = {
    "excluded": "declined",
    "unreachable": "no road leads there",
    "drive": "too far away",
    "horizon": "could not come in time",
    "shift": "the shift ends before",
    "kind": "of another kind",
    "full": "full",
    "taken": "planned for somebody else",
    "unexamined": "not examined one by one in a stand-in plan",
    "unfit": "free, but not together with the rest",
    "off_shift": "off shift",
    "committed": "with another person",
    "held": "just being accepted for another person",
    "out_of_service": "out of service",
    "without_driver": "without a driver",
    "paused": "not taking anybody in now",
    "overcommitted": "overcommitted",
    "closed": "closed",
    "not_in_time": "not within the next days",
    "forbidden": "forbidden for this request",
    "withheld": "kept out of this plan",
}


def lack_told(label: Label, part: str) -> str:
    """What it is like not to have what the label asks."""
    match label:
        case Speaks(word):
            return f"does not speak {LANGUAGES[word]} and brings no interpreter"
        case Word(word) if word in LANGUAGES:
            return f"does not speak {LANGUAGES[word]}"
        case Word(word) if part == "place":
            return f"does not declare to take: {word_told(word)}"
        case Word(word):
            return f"does not offer: {word_told(word)}"
        case OneOf(types):
            return f"is not of the type {' or '.join(word_told(kind) for kind in types)}"
        case Serves(zone):
            people = "whose zone is not known" if zone == EVERYWHERE else f"of {zone}"
            return f"has no agreement for people {people}"
        case Seats(count):
            return f"has fewer than {count} seats"
        case Authority(transporter):
            return f"may not transport under this custody, only the {transporter}"


def offer_told(label: Label, part: Part) -> str:
    """What it is like to have it; empty where nobody would say so."""
    match label:
        case Word(word):
            return f"{'takes' if part == 'place' else 'offers'} {word_told(word)}"
        case Speaks(word):
            return f"speaks {word_told(word)} or brings an interpreter"
        case OneOf(types):
            return f"is of the type {' or '.join(word_told(kind) for kind in types)}"
        case Serves(zone):
            return f"takes people {'of every zone' if zone == EVERYWHERE else f'of {zone}'}"
        case Seats(count):
            return f"has {count} seats" if count > 1 else ""
        case Authority(transporter):
            return f"may transport under this custody ({transporter})"


def word_told(word: str) -> str:
    """A word of the vocabulary as people say it."""
    return LANGUAGES.get(word, word.replace("_", " "))


def counted(count: int, part: str) -> str:
    """So many teams, vans or places."""
    return f"{count} {part}" if count == 1 else f"{count} {part}s"


def minutes(seconds: float) -> str:
    """Seconds, told in minutes or more."""
    return duration(seconds / 60)


def duration(span_min: float) -> str:
    """Minutes, told in minutes, hours or days."""
    whole = max(0, round(span_min))
    if whole < 120:
        return f"{whole} min" if whole else "less than a minute"
    hours = span_min / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"
