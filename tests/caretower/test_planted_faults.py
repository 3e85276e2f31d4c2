"""The faults that `make mutants` plants still have their places in the code."""

import pytest

from benchmarks.mutants import FAULTS, HOUSE, Fault


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_planted_fault_has_one_place(fault: Fault) -> None:
    assert (HOUSE / fault.module).read_text(encoding="utf-8").count(fault.right) == 1
    assert fault.right != fault.wrong
    assert (HOUSE / fault.tests).exists()
