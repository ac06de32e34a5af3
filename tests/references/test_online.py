"""The public site, played by a server on this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from monarch_vs_ray.references.online import GIVE_UP_AFTER, Site, check_online
from monarch_vs_ray.references.table import table

ACTOR = table()["monarch.Actor"]
MESH = table()["monarch.ActorMesh"]
GET = table()["ray.get"]
RUST = table()["monarch.Mailbox.rust"]


class FakeSite(ThreadingHTTPServer):
    """Serves the texts it is given by path, and keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.texts: dict[str, str] = {}
        self.status = 200
        self.asked: list[tuple[str, str]] = []

    def serve(self, *references) -> None:
        """Serve files in which these entries are right."""
        for reference in references:
            path = f"/{reference.repo}/{reference.ref}/{reference.path}"
            lines = self.texts.get(path, "").split("\n")
            lines += [""] * (reference.line - len(lines))
            lines[reference.line - 1] = reference.text
            self.texts[path] = "\n".join(lines)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeSite

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers["User-Agent"]))
        text = self.server.texts.get(self.path)
        status = self.server.status if text is not None or self.server.status != 200 else 404
        body = (text or "").encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch) -> Iterator[FakeSite]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with FakeSite() as fake:
        thread = threading.Thread(target=fake.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        fake.shutdown()
        thread.join(10)


def site(server: FakeSite, pauses: list[float] | None = None) -> Site:
    return Site(server.base, sleep=(pauses if pauses is not None else []).append)


def test_a_file_is_asked_for_once_by_one_who_says_who_it_is(server):
    server.serve(RUST)
    pauses: list[float] = []
    findings = check_online([RUST, RUST], site(server, pauses))
    assert [found.status for found in findings] == ["ok", "ok"]
    assert [path for path, _ in server.asked] == [f"/{RUST.repo}/{RUST.ref}/{RUST.path}"]
    assert server.asked[0][1].startswith("monarch-vs-ray/")
    assert pauses == []


def test_there_is_a_pause_between_requests(server):
    server.serve(RUST)
    pauses: list[float] = []
    check_online([RUST, GET, ACTOR, MESH], site(server, pauses))
    assert len(server.asked) == 3
    assert len(pauses) == 2
    assert min(pauses) > 0


def test_a_line_that_is_elsewhere_tells_where(server):
    server.texts[f"/{RUST.repo}/{RUST.ref}/{RUST.path}"] = f"//\n{RUST.text}\n"
    (found,) = check_online([RUST], site(server))
    assert found.status == "moved"
    assert f"at {RUST.ref}, " in found.fact
    assert f"now at line 2, not {RUST.line}" in found.fact


def test_a_file_that_the_site_does_not_have_is_missing(server):
    (found,) = check_online([RUST], site(server))
    assert (found.status, found.fact) == ("missing", f"{RUST.repo} has no {RUST.path} at {RUST.ref}")


def test_a_site_in_trouble_is_unknown_and_soon_left_alone(server):
    server.status = 503
    references = table().of("ray")
    findings = check_online(references, site(server))
    assert {found.status for found in findings} == {"unknown"}
    assert not any(found.bad for found in findings)
    assert "it answered 503" in findings[0].fact
    assert len(server.asked) == GIVE_UP_AFTER
    assert f"not asked, after {GIVE_UP_AFTER} failures" in findings[-1].fact


def test_a_site_that_cannot_be_reached_is_unknown(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as closed:  # bound, and never listening
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        (found,) = check_online([RUST], Site(address))
    assert found.status == "unknown"
    assert found.fact.startswith(f"{address} cannot be asked: ")
    assert found.next_step == "try again later"


def test_an_answer_clears_the_count_of_failures(server):
    server.serve(RUST)
    asked = site(server)
    server.status = 500
    check_online([GET, ACTOR], asked)
    server.status = 200
    check_online([RUST], asked)
    server.status = 500
    others = [reference for reference in table().of("ray") if reference.path != GET.path]
    check_online(others, asked)
    assert len(server.asked) == 3 + GIVE_UP_AFTER
