"""What is told at the end of a run: on the screen, by e-mail, to a hook; none by default."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from email.parser import Parser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nextflow_runs import ROOT, run_nextflow

STUB = ("-profile", "test", "-stub-run")


@pytest.fixture
def hook() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a chat that takes messages, and what it got."""
    got: list[str] = []

    class Chat(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            assert self.headers["Content-Type"] == "application/json"
            got.append(json.loads(self.rfile.read(length))["text"])
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Chat)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/services/T0", got
    server.shutdown()


def sendmail(folder: Path, script: str) -> dict[str, str]:
    """Put a sendmail first on PATH."""
    path = folder / "bin" / "sendmail"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"}


def test_a_run_that_completes_is_told_by_mail_and_hook(
    tmp_path: Path, hook: tuple[str, list[str]]
) -> None:
    address, got = hook
    path = sendmail(tmp_path, f"cat >{tmp_path}/mail")
    asked = ("--email", "core@example.org,pi@example.org", "--hook_url", address)
    run = run_nextflow(
        tmp_path, ROOT, *STUB, *asked, "--email_on_fail", "night@example.org", **path
    )
    assert run.code == 0, run.said
    mail = Parser().parsestr((tmp_path / "mail").read_text())
    assert re.sub(r"\s", "", mail["To"]) == "core@example.org,pi@example.org"
    assert re.fullmatch(r"nf-explainn/nf-explainn: run \w+ completed", mail["Subject"])
    body = mail.as_string()
    (tasks,) = re.findall(r"Tasks +: (\d+) \(0 cached\), in ", body)
    assert int(tasks) == len(run.trace())
    assert "/multiqc_report.html" in body and "--email" in body
    assert "(the hook)" in body and "services/T0" not in body
    (text,) = got
    assert text.startswith(mail["Subject"]) and f": {tasks} (0 cached)" in text
    log = (tmp_path / ".nextflow.log").read_text()
    assert f"Tasks       : {tasks} (0 cached), in " in log


def test_a_run_that_fails_is_told_and_a_silent_hook_changes_nothing(tmp_path: Path) -> None:
    path = sendmail(tmp_path, f"cat >{tmp_path}/mail")
    script = 'echo "no node, in <module>" >&2; exit 1'
    (tmp_path / "broken.config").write_text(f"process.beforeScript = '{script}'\n")
    asked = ("--email_on_fail", "night@example.org", "--hook_url", "http://127.0.0.1:9/{secret}")
    run = run_nextflow(tmp_path, ROOT, *STUB, "-c", "broken.config", *asked, **path)
    assert run.code == 1
    mail = Parser().parsestr((tmp_path / "mail").read_text())
    assert mail["To"] == "night@example.org"
    assert mail["Subject"].endswith(" failed")
    (body,) = [part for part in mail.walk() if not part.is_multipart()]
    assert body.get_content_type() == "text/plain"  # whatever tags a traceback seems to have
    said = str(body.get_payload())
    assert "Error       : " in said and re.search("(?m)no node, in <module>$", said)
    log = (tmp_path / ".nextflow.log").read_text()
    assert "Command exit status:" in said and "versions.json" not in said  # its script
    (told,) = re.findall(r"the web hook could not be notified \(.*", log)
    assert "secret" not in told and "check that --hook_url answers" in log


@pytest.mark.release
def test_a_mail_that_cannot_be_sent_is_a_warning(tmp_path: Path) -> None:
    path = sendmail(tmp_path, "echo no relay >&2; exit 75")
    run = run_nextflow(tmp_path, ROOT, *STUB, "--email", "core@example.org", **path)
    assert run.code == 0, run.said
    log = (tmp_path / ".nextflow.log").read_text()
    assert "no e-mail could be sent to core@example.org (" in log


@pytest.mark.release
def test_addresses_are_checked_before_any_task(tmp_path: Path) -> None:
    wrong = (
        "--email",
        "a@example.org b@example.org",
        "--email_on_fail",
        "someone",
        "--hook_url",
        "chat",
    )
    run = run_nextflow(tmp_path, ROOT, *STUB, *wrong)
    assert run.code == 1
    assert [line.partition(":")[0] for line in run.errors()] == [
        "--email",
        "--email_on_fail",
        "--hook_url",
    ], run.said
