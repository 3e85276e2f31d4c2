"""What nobody may be refused for: payer, residency and immigration are written nowhere.

They are no fields and no words; a name that people choose freely, such as a zone's, may not stand
in for them.
"""

import re
import unicodedata

_SPOKEN_OF = re.compile(
    r"insur|payer|payor|self.?pay|medicaid|medicare|immigra|migrant|undocumented|asylum|refugee"
    r"|citizen|nationality|(?<!p)residen(?!tial)|(?<![a-z])visas?(?![a-z])"
)


def speaks_of_status(name: str) -> bool:
    """Whether a name speaks of who pays, where somebody lives or by what right."""
    return bool(_SPOKEN_OF.search(unicodedata.normalize("NFKC", name).casefold()))
