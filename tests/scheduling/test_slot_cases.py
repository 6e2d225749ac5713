"""Facts other products got wrong, through the pages' own functions."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.scheduling.slot_cases import run_case

CASES = json.loads((Path(__file__).parent / "slot_cases.json").read_text())["cases"]


def test_no_case_is_missing() -> None:
    assert len(CASES) == 18


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]) -> None:
    for key, value in run_case(case).items():
        assert value == case[key]
