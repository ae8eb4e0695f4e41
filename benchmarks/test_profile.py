"""CPU seconds of ``-profile test``, per process.

Lines as of ``small``: ``test_profile cpu_<process>``, ``cpu``, ``wall``, ``idle``, ``tasks``. The
reference is another checkout, run after this one: ``--checkout DIR``. Other arguments go to
Nextflow.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from traced import measure


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--checkout", type=Path, help="another checkout, run as the reference")
    parser.add_argument("--folder", type=Path, help="where the runs stay; deleted by default")
    args, others = parser.parse_known_args()
    measure("test_profile", ["-profile", "test", *others], args.checkout, args.folder)


if __name__ == "__main__":
    main()
