"""The report as MultiQC makes it, opened in a real browser without a screen or a network."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import report_fixtures as fixtures

_PROBE = """
<script>
window.__errors = [];
window.addEventListener("error", e => window.__errors.push(String(e.message)));
window.addEventListener("load", () => setTimeout(() => {
  const box = e => { const r = e.getBoundingClientRect();
    return {top: r.top, bottom: r.bottom, left: r.left, right: r.right, width: r.width}; };
  const all = (q) => [...document.querySelectorAll(q)];
  const click = (q, text) => all(q).filter(e => e.innerText.trim() == text)
    .forEach(e => e.click());
  const column = (id, n) => all("#" + id + " tbody tr").map(r => r.children[n].innerText.trim());
  const out = {errors: window.__errors, overflow: document.documentElement.scrollWidth,
    inner: window.innerWidth, badges: all("#nfx_summary_table tbody th .nfx-badge").map(box),
    logos: all("#nfx_summary_table .nfx-logo").map(box),
    // What is written in a plot, and how far beyond the plot it reaches.
    cut: all(".js-plotly-plot").flatMap(p => [...p.querySelectorAll(
        ".gtitle, .xtitle, .ytitle, .legendtext, .colorbar text")].map(e => [e.textContent,
        Math.max(box(p).left - box(e).left, box(e).right - box(p).right)])),
    plots: all(".js-plotly-plot .main-svg").length,
    chapters: all(".mqc-module-section h2").map(e => e.innerText.trim()),
    broken: all("svg.nfx-logo use").map(e => e.getAttribute("href"))
      .filter(h => !document.getElementById(h.slice(1)))};
  const names = () => all("#nfx_summary_table tbody th .nfx-badge").map(e => e.innerText.trim());
  // As a click on the header does, but without waiting.
  const sort = (id, column, down) =>
    jQuery("#" + id).trigger("sorton", [[[column, down]]]);
  out.sorted = [0, 1].map(down => { sort("nfx_summary_table", 0, down); return names(); });
  const motifs = "MOTIF_TABLE";
  if (motifs) {
    const heads = all("#" + motifs + " thead th").map(e => e.innerText.trim());
    const q = heads.indexOf("q");
    out.q = [0, 1].map(down => { sort(motifs, q, down); return column(motifs, q); });
  }
  if (window.parent !== window) { window.parent.postMessage(JSON.stringify(out), "*"); return; }
  const pre = document.createElement("pre");
  pre.id = "probe"; pre.textContent = JSON.stringify(out); document.body.appendChild(pre);
}, 3000));
</script>
"""
# No window is narrower than 500 pixels, but a frame is.
_NARROWEST = 500
_FRAME = """
<body style="margin:0"><script>
window.addEventListener("message", event => { const pre = document.createElement("pre");
  pre.id = "probe"; pre.textContent = event.data; document.body.appendChild(pre); });
</script><iframe src="PAGE" style="border:0; width:WIDTHpx; height:3000px"></iframe>
"""


def make_page(root: Path, folder: Path, specs: tuple[fixtures.Spec, ...], units: int = 40) -> Path:
    """Run the two commands of the report step."""
    fixtures.write_results(folder / "in", specs, units=units)
    params, versions = fixtures.write_run(folder)
    out = folder / "out"
    out.mkdir()
    script = [sys.executable, str(root / "bin" / "report.py"), "--inputs", str(folder / "in")]
    script += ["--params", str(params), "--versions", str(versions), "--out", str(out)]
    subprocess.run(script, check=True)
    return run_multiqc(root, folder, out)


def run_multiqc(root: Path, folder: Path, out: Path) -> Path:
    """Make the page of the sections in a folder, without those of other data sets below it."""
    multiqc = Path(sys.executable).with_name("multiqc")
    command = [str(multiqc if multiqc.exists() else "multiqc"), "--strict", "--config"]
    command += [str(root / "assets/multiqc/multiqc_config.yml")]
    command += ["--filename", "multiqc_report.html", *(path.name for path in out.glob("*_mqc*"))]
    environment = os.environ | {"HOME": str(folder), "https_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(
        command, cwd=out, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out / "multiqc_report.html"


def look(
    browser: str, page: Path, width: int, height: int = 800, motifs: str = ""
) -> dict[str, Any]:
    """Open the page at a window size and measure what a reader sees."""
    probe = page.with_name(f"probe_{width}.html")
    text = page.read_text().replace("<head>", "<head>" + _PROBE.replace("MOTIF_TABLE", motifs), 1)
    probe.write_text(text)
    if width < _NARROWEST:
        frame = page.with_name(f"frame_{width}.html")
        frame.write_text(_FRAME.replace("PAGE", probe.name).replace("WIDTH", str(width)))
        probe = frame
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += ["--disable-background-networking", f"--user-data-dir={page.parent / 'profile'}"]
    command += [f"--window-size={width},{height}", "--virtual-time-budget=20000"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", probe.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:]
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.fixture(scope="module")
def page(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_page(root, tmp_path_factory.mktemp("page"), fixtures.DEMO)


def test_chapters_stand_in_order_and_logos_are_there(browser: str, page: Path) -> None:
    seen = look(browser, page, 1280, motifs="nfx_motifs_oct4_plot_table")
    assert seen["errors"] == []
    assert seen["broken"] == []
    assert seen["plots"] >= 6
    assert seen["chapters"] == [
        "Summary",
        "Sample status",
        "Data",
        "Training curves",
        "Performance",
        "Motifs",
        "Importance",
        "Site effects",
        "Tomtom",
        "Methods",
        "Software Versions",
        "Parameters",
    ]
    # The answer of the first data sets is on the first screen.
    assert sum(badge["bottom"] < 800 for badge in seen["badges"]) >= 3
    assert sum(logo["bottom"] < 800 for logo in seen["logos"]) >= 4
    assert all(logo["width"] > 60 for logo in seen["logos"])
    # Sorting by the first column sorts by verdict; q sorts as a number.
    best = ["usable", "weak", "no model"]
    for order in seen["sorted"]:
        places = [next(i for i, word in enumerate(best) if word in badge) for badge in order]
        assert places in (sorted(places), sorted(places, reverse=True))
    assert seen["sorted"][0] != seen["sorted"][1]
    values = [[float(cell) for cell in cells if cell] for cells in seen["q"]]
    assert sorted(values[0]) in (values[0], values[0][::-1])
    assert len(values[0]) == 3
    assert values[0] == values[1][::-1]


@pytest.mark.parametrize("width", [390, 500, 1400])
def test_page_is_never_wider_than_the_window(browser: str, page: Path, width: int) -> None:
    seen = look(browser, page, width)
    assert seen["inner"] == width
    assert len(seen["cut"]) >= 10 and [one for one in seen["cut"] if one[1] > 1] == []
    assert seen["overflow"] <= seen["inner"] + 1
    assert all(box["right"] <= seen["inner"] for box in seen["badges"] + seen["logos"])


def test_page_stands_alone(page: Path) -> None:
    text = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page.read_text(), flags=re.DOTALL)
    assert not re.search(r"<(?:script|img|iframe)[^>]+src=[\"']?https?:", text)
    assert not re.search(r"<link[^>]+rel=[\"']?stylesheet[^>]+https?:", text)
    assert page.stat().st_size < 5e6


def test_long_names_do_not_break_the_page(browser: str, root: Path, tmp_path: Path) -> None:
    name = "a_very_long_name_" * 7
    specs = (fixtures.Spec(name[:100]), fixtures.Spec("b", tasks=(name, name + "2")))
    seen = look(browser, make_page(root, tmp_path, specs), 1280)
    assert seen["errors"] == []
    assert seen["overflow"] <= seen["inner"] + 1


def test_sheet_of_150_rows_gives_a_page_that_opens(
    browser: str, root: Path, tmp_path: Path
) -> None:
    """A short one that leads to a page for each."""
    page = make_page(root, tmp_path, fixtures.many(150), units=12)
    assert page.stat().st_size < 3e6
    seen = look(browser, page, 1280)
    assert seen["errors"] == []
    links = set(re.findall(r"pages/sample_\d+\.html", page.read_text()))
    assert links == {f"pages/sample_{number}.html" for number in range(1, 151)}
    assert len(list((page.parent / "pages").iterdir())) == 150
    own = run_multiqc(root, tmp_path, page.parent / "pages" / "sample_3")
    assert own.stat().st_size < 4e6
    seen = look(browser, own, 1280)
    assert seen["errors"] == []
    assert seen["broken"] == []
