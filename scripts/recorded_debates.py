"""Show reading, voting and stopping on recorded debates: one table, and every difference with --differences.

    python scripts/recorded_debates.py [--only council,dylan,exchange,letters,maths] [--most N]
        [--differences FILE] [--json]

``letters`` looks at the stop rule of DyLAN alone; ``dylan`` holds the same debates in the engine, from YAML, with a
transcript on disk for each.

The records are found through DEBATE_TEST_DATA. Exit code 1 if a figure is not as expected, 2 if there are no records.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from recorded import council, dylan, exchange, letters, maths
from recorded.corpus import Report, folder

CORPORA = {
    "maths": maths.report,
    "council": council.report,
    "exchange": exchange.report,
    "letters": letters.report,
    "dylan": dylan.report,
}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(CORPORA), help="corpora, separated by commas")
    parser.add_argument("--most", type=int, help="hold at most so many debates of each set in the engine")
    parser.add_argument("--differences", type=Path, help="write every difference to this file, one a line")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments = parser.parse_args()
    recorded = folder()
    if recorded is None:
        print("no recorded debates: set DEBATE_TEST_DATA to the folder that holds `recorded`", file=sys.stderr)
        return 2
    reports: list[Report] = [
        dylan.report(recorded, most=arguments.most) if name == "dylan" else CORPORA[name](recorded)
        for name in arguments.only.split(",")
    ]
    rows = [row for report in reports for row in report.rows]
    if arguments.json:
        print(json.dumps([row._asdict() for row in rows], ensure_ascii=False, indent=1))
    else:
        for row in rows:
            mark = {True: "ok", False: "NOT", None: ""}[row.within]
            print(f"{row.what:<82} n={row.n:<5} {row.found:<44} {row.expected:<32} {mark}".rstrip())
    if arguments.differences is not None:
        text = "\n".join(line for report in reports for line in report.differences)
        arguments.differences.write_text(text + "\n", encoding="utf-8")
    return int(any(row.within is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
