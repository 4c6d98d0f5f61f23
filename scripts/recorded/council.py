"""llm-council-governance: the recorded vote results and correctness flags, from the answers recorded beside them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from debate.decision.ballots import Ballot
from debate.decision.deciding import decide
from debate.decision.material import Decision, Material
from debate.decision.rule import Rule
from debate.decision.verdict import Verdict
from debate.reply.answers import canonical
from debate.reply.fields import ranking
from debate.reply.reading import read
from debate.reply.spec import ReplySpec
from recorded.corpus import Report, Row

NUMERIC = ("GSM8K", "AIMO")
BY_VOTE = Decision(by=Rule(name="plurality"), tie="chairman")


def report(folder: Path) -> Report:
    """Votes, flags and rankings of the sixty trials."""
    votes = first_come = flags = rankings = 0
    n = {"votes": 0, "flags": 0, "rankings": 0, "whole": 0}
    differences = []
    for path in sorted((folder / "llm-council-governance").glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            trials = json.load(file)
        for trial in trials:
            spec = ReplySpec(fields=("answer",), kind="number" if trial["benchmark"] in NUMERIC else "choice")
            name = f"{path.name} {trial['question_id']} {trial['structure']}"
            n["flags"] += 1
            right = _right(trial, spec)
            flags += right == trial["is_correct"]
            if right != trial["is_correct"]:
                differences.append(f"{name}: recorded {trial['is_correct']}, read {right}")
            if "vote_result" in (trial["stage3_data"] or {}):
                n["votes"] += 1
                recorded = canonical(trial["stage3_data"]["vote_result"], spec)
                verdict = vote(trial, spec)
                votes += verdict.answer == recorded
                if verdict.answer != recorded:
                    first_come += recorded in (verdict.tie or ())
                    differences.append(f"{name}: vote recorded {recorded}; counted {verdict.votes}, {verdict.reason}")
            labels = tuple(trial["stage2_data"].get("label_to_model", ()))
            for written in trial["stage2_data"].get("rankings", {}).values():
                n["rankings"] += 1
                read_ranking = ranking(list(written), ReplySpec(fields=("ranking",), candidates=labels))
                rankings += read_ranking is not None
                n["whole"] += read_ranking is not None and len(read_ranking) == len(labels)
                if read_ranking is None:
                    differences.append(f"{name}: ranking {written} void")
    return Report(
        [
            Row(
                "council: vote results",
                n["votes"],
                f"{votes}, and {first_come} tie that the record gave to the first counted",
                "30",
                votes + first_come == n["votes"] == 30 and first_come <= 1,
            ),
            Row("council: correctness flags", n["flags"], str(flags), "60", flags == n["flags"] == 60),
            Row("council: rankings read", n["rankings"], f"{rankings}, {n['whole']} of all options", "", None),
        ],
        differences,
    )


def vote(trial: dict[str, dict[str, dict[str, str | None]]], spec: ReplySpec) -> Verdict:
    """Plurality of the extracted answers; the chairman's answer breaks a tie."""
    extracted = trial["stage2_data"]["extracted_answers"]
    ballots = tuple(
        Ballot(participant=model, choice=_read(answer, spec), reason="unreadable")
        for model, answer in extracted.items()
    )
    chairman = Ballot(participant="chairman", choice=_read(str(trial["stage3_data"]["chairman_tiebreaker"]), spec))
    return decide(BY_VOTE, Material(ballots=ballots, others={"chairman": chairman}))


def _read(answer: str | None, spec: ReplySpec) -> str | None:
    """An extracted answer may be a whole sentence: then it is read like any reply."""
    return None if answer is None else canonical(answer, spec) or read(answer, spec).reply.answer


def _right(trial: dict[str, object], spec: ReplySpec) -> bool:
    """Whether the trial's final answer, or what was extracted of it where that is all there is, equals the gold one."""
    final = str(trial.get("final_answer") or trial["predicted"])
    found = _read(final, spec)
    return found is not None and found == canonical(str(trial["expected"]), spec)
