"""Reading, voting and stopping on recorded debates that nobody here wrote."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = (ROOT / os.environ.get("DEBATE_TEST_DATA", "../shared/data")).resolve()
needs_records = pytest.mark.skipif(
    not (DATA / "recorded").is_dir(), reason=f"no recorded debates in {DATA}; set DEBATE_TEST_DATA"
)


def table(*corpora: str, options: tuple[str, ...] = ()) -> dict[str, dict[str, object]]:
    """The rows that the script prints for some corpora, by their first column."""
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "recorded_debates.py", "--json", "--only", ",".join(corpora), *options],
        env={**os.environ, "PYTHONPATH": str(ROOT), "DEBATE_TEST_DATA": str(DATA)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {row["what"]: row for row in json.loads(done.stdout)}


@needs_records
def test_council_votes_and_flags_come_out_as_recorded() -> None:
    """All 60 flags; 29 of 30 votes, and the last was a three-way tie that the record gave to the first counted."""
    rows = table("council")
    assert rows["council: correctness flags"]["found"] == "60"
    assert rows["council: vote results"]["found"] == "29, and 1 tie that the record gave to the first counted"
    assert rows["council: rankings read"]["found"] == "60, 59 of all options"


@needs_records
def test_first_answer_majorities_of_the_eight_sets() -> None:
    """A majority of the three first answers is right as often as counted by hand of the sets with plain golds."""
    rows = table("exchange")
    assert len(rows) == 8
    right = {what.split()[1].rstrip(":"): str(row["found"]).split()[0] for what, row in rows.items()}
    assert right["MultiArith"] == "100.0"
    assert right["AddSub"] == "96.0"
    assert right["GSM8K"] == "76.0"


@needs_records
@pytest.mark.acceptance
def test_the_stop_rule_explains_where_agents_were_not_asked() -> None:
    """On at least 97 % of the questions of each set some speaking order makes the rule stop where the record does."""
    rows = [row for what, row in table("letters").items() if "nulls explained" in what or "texts per" in what]
    assert len(rows) == 6
    assert all(row["within"] for row in rows)


@needs_records
@pytest.mark.acceptance
def test_maths_votes_come_out_as_published() -> None:
    """35.4 % by the first round and 36.5 % by the last round's speakers, within 0.7."""
    rows = [row for row in table("maths").values() if row["within"] is not None]
    assert len(rows) == 2
    assert all(row["within"] for row in rows)


@needs_records
def test_dylans_rule_as_yaml_asks_what_was_recorded() -> None:
    """Held in the engine, a debate asks exactly the recorded turns unless the record is not what its rule says."""
    rows = table("dylan", options=("--most", "12"))
    asked = [row for what, row in rows.items() if "exactly the recorded turns" in what]
    assert [row["n"] for row in asked] == [12, 12, 12]
    assert all(float(str(row["found"]).split()[0]) > 75 for row in asked)
    assert all(what.strip().startswith("left: round") for what in rows if "left:" in what)


@needs_records
@pytest.mark.acceptance
def test_dylans_rule_as_yaml_on_every_question() -> None:
    """On at least 97 % of the 8,454 questions the engine asks exactly the recorded turns, in flat memory."""
    rows = table("dylan")
    shown = [row for what, row in rows.items() if "exactly the recorded turns" in what or "peak memory" in what]
    assert len(shown) == 4
    assert all(row["within"] for row in shown)
