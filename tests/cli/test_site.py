"""``invoke serve`` and ``build``: what is wrong is said before anything is built, and by name."""

from __future__ import annotations

import socket
import subprocess
from typing import Any

import pytest

from experiments.cli import site
from experiments.errors import UserError


@pytest.fixture
def nothing_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **named: Any) -> None:
        raise AssertionError("MkDocs was started")

    monkeypatch.setattr(subprocess, "run", refuse)


@pytest.mark.parametrize("port", ["abc", "", "0", "-1", "65536", "8000.5"])
@pytest.mark.usefixtures("nothing_is_built")
def test_what_is_no_port_is_refused(port: str) -> None:
    with pytest.raises(UserError, match="a number from 1 to 65535") as refused:
        site.serve_site(port=port)
    assert f"--port {port}:" in refused.value.problem


@pytest.mark.usefixtures("nothing_is_built")
def test_a_taken_port_is_refused_before_the_build() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} of 127\.0\.0\.1 cannot be had: address already in use") as refused:
            site.serve_site(port=str(port))
    assert "Give another: `--port " in refused.value.advice


def test_a_link_that_leads_nowhere_fails_the_build(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(site, "_build", lambda offline: None)
    monkeypatch.setattr(site.check, "problems", lambda folder, campaigns: ["bgp.html: the link gone.html leads nowhere"])
    with pytest.raises(UserError, match="One problem in the built site"):
        site.build_site()
    assert "bgp.html: the link gone.html leads nowhere" in capsys.readouterr().out
