"""The rides file: a day of scheduled rides and a trip that comes in between, planned and checked.

`form` is what may be written, `reading` judges it, `asking` makes the optimizer's question of it,
`answering` plans and tells. Documented in docs/rides.md.
"""

from caretower.planfile.reading import PlanFileError
from caretower.ridesfile.answering import rides_file, rides_file_schema, rides_text

__all__ = ["PlanFileError", "rides_file", "rides_file_schema", "rides_text"]
