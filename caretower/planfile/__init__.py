"""The plan file: requests, teams, vans and places of anyone's own, planned as the system plans.

The file is checked whole before anything is planned; every complaint names the path of the field.
`form` is what may be written, `reading` judges it (`whole`: between its parts), `asking` makes the
optimizer's question of it, `answering` plans and tells. Documented in docs/plan-file.md.
"""

from caretower.planfile.answering import plan_file, plan_file_schema, plan_text
from caretower.planfile.reading import PlanFileError

__all__ = ["PlanFileError", "plan_file", "plan_file_schema", "plan_text"]
