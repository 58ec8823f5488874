"""Measure, and print Markdown tables: python -m benchmarks [SECTION ...] [--quick] [--write] [--against REVISION].

The sections: interaction, floor, pair, drawing, dial, crowd, zoom, pages, serving, training, scaling, watching, killing, restoring,
generating, saving;
arrival: this version and an older one, which --against names;
and quality: how good the shipped models are, which is no matter of speed and is measured only when it is named (make quality).

Timings want a quiet machine. Each ratio comes from one run in which both sides took turns.
"""

import argparse
import sys
from importlib import import_module

from benchmarks import tables

SECTIONS = (
    "interaction",
    "floor",
    "pair",
    "drawing",
    "dial",
    "crowd",
    "zoom",
    "pages",
    "serving",
    "training",
    "scaling",
    "watching",
    "killing",
    "restoring",
    "generating",
    "saving",
)
ARRIVAL = "arrival"  # needs another version of this project
QUALITY = "quality"


def main() -> int:
    """Measure what was asked for; 0 when it could be."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = f"{', '.join(SECTIONS)}; default: all of these. Or {ARRIVAL}, or {QUALITY}"
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=which)
    parser.add_argument("--quick", action="store_true", help="a few repeats only, to see that everything works; no numbers to keep")
    parser.add_argument("--write", action="store_true", help="also put the tables into benchmarks/README.md, or quality.md")
    parser.add_argument("--against", metavar="REVISION", help=f"of this git repository, for {ARRIVAL}: the older version")
    options = parser.parse_args()
    known = (*SECTIONS, ARRIVAL, QUALITY)
    if unknown := set(options.sections) - set(known):
        parser.error(f"there is no section named {', '.join(sorted(unknown))}; choose {' or '.join(known)}")
    if (ARRIVAL in options.sections) != bool(options.against):
        parser.error(f"{ARRIVAL} and --against REVISION go together")
    command = " ".join(["python -m benchmarks", *sys.argv[1:]])
    for section in options.sections or SECTIONS:
        text = measure(section, options.quick, command, options.against)
        print(f"## {section}\n\n{text}\n", flush=True)
        if options.write:
            tables.write(section, text)
    return 0


def measure(section: str, quick: bool, command: str, against: str | None = None) -> str:
    """The section's tables under the facts that belong to them."""
    what = (quick, against) if section == ARRIVAL else (quick,)
    result = import_module(f"benchmarks.{section}").measure(*what)
    text, chromium = result if isinstance(result, tuple) else (result, "")
    return f"{tables.facts(command, chromium)}\n\n{text}"


if __name__ == "__main__":
    sys.exit(main())
