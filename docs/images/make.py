"""Make the pictures of the docs from real runs: the test profile, and a question to its models.

From the top of a clone, in an environment with Pillow, with Chromium on PATH (two minutes):

    containers/startup/start.sh python tests docs/images/make.py

Fonts are those of the machine. ``flow.svg`` is drawn by hand.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "assets" / "demo"
# What is asked of the models that the test profile trains.
ASKED = (
    *("--apply", "trained", "--datasets", "yeast_promoters"),
    *("--predict", DEMO / "sacCer3_promoters_5462.bed", "--genome", DEMO / "sacCer3_R64.fa.gz"),
)


def run(folder: Path, *arguments: str | Path) -> None:
    """Start the pipeline in a folder."""
    command = [TOP / "nextflow", "run", TOP, *arguments]
    subprocess.run(command, cwd=folder, check=True)


def picture(page: Path, target: Path, width: int, height: int) -> None:
    """Show the top of a page in Chromium; write it as PNG of 256 colours."""
    found = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    shot = page.with_suffix(".png")
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=20000"]
    subprocess.run(
        [
            *(next(found), *options, f"--window-size={width},{height}", f"--screenshot={shot}"),
            page.as_uri(),
        ],
        check=True,
        capture_output=True,
    )
    with Image.open(shot) as image:
        image.convert("RGB").quantize(256).save(target, optimize=True)


def main() -> None:
    """Run the pipeline twice, and show both pages."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        run(folder, "-profile", "test", "--outdir", "trained")
        run(folder, *ASKED, "--outdir", "answers")
        here = Path(__file__).parent
        picture(folder / "trained" / "multiqc_report.html", here / "report.png", 1280, 714)
        picture(folder / "answers" / "multiqc_report.html", here / "apply.png", 1100, 900)


if __name__ == "__main__":
    main()
