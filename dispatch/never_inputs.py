"""What nobody may be refused for: payer, residency and immigration are written nowhere.

They are no fields and no words; a name that people choose freely, such as a zone's, may not stand
in for them.
"""

import re
import unicodedata

_SPOKEN_OF = re.compile(
    r"insur|payer|payor|self[\W_]*pay|medi[\W_]?caid|medi[\W_]?care|immigra|migrant|undocumented"
    r"|indocumentad|asylum|refugee|citizen|ciudadan|seguro[\W_]*social|nationality"
    r"|(?<!\bp)residen(?!tial)|(?<![a-z])visas?(?![a-z])"
)
_UNSEEN = {"Cf", "Mn"}
"""Signs without a width, and accents on their own."""


def speaks_of_status(name: str) -> bool:
    """Whether a name speaks of who pays, where somebody lives or by what right."""
    parts = unicodedata.normalize("NFKD", name).casefold()
    seen = "".join(sign for sign in parts if unicodedata.category(sign) not in _UNSEEN)
    return bool(_SPOKEN_OF.search(seen))
