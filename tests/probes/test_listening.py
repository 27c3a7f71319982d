"""Servers for the length of a block: they listen inside it and are gone after it, whatever happened."""

from __future__ import annotations

import sys

import pytest

from experiments.labs.base import run
from experiments.labs.netns import backend as netns
from experiments.probes import listening
from experiments.probes.errors import ProbeError
from experiments.probes.listening import serving

pytestmark = pytest.mark.lab

PORT = 7007


def server(code: str = "pass") -> list[str]:
    listens = f"import signal, socket, time; {code}; s = socket.create_server(('0.0.0.0', {PORT})); time.sleep(60)"
    return [sys.executable, "-c", listens]


def listens(lab: netns.NetnsLab) -> bool:
    return str(PORT) in run(lab, "node2", ["ss", "-Hltn"], record=False).stdout


def test_it_listens_in_the_block_and_not_after_it() -> None:
    with netns.up() as lab:
        for _ in range(2):  # the second one finds the port free
            with serving(lab, "node2", server(), PORT):
                assert listens(lab)
            assert not listens(lab)


def test_what_is_raised_in_the_block_comes_out_and_the_server_is_gone() -> None:
    with netns.up() as lab:
        with pytest.raises(RuntimeError, match="in the block"), serving(lab, "node2", server(), PORT):
            raise RuntimeError("in the block")
        assert not listens(lab)


@pytest.mark.parametrize(("argv", "reason"), [
    (["sh", "-c", "echo something else first >&2; echo the port is taken >&2; exit 3"], "port 7007: the port is taken"),
    (["sh", "-c", "exit 3"], "port 7007: exit status 3"),
    (["podpath-no-such-server"], "failed to execute podpath-no-such-server"),
])
def test_a_server_that_ends_early_says_why(argv: list[str], reason: str) -> None:
    said = rf"on node2 ended before it listened on .*{reason}"
    with netns.up() as lab, pytest.raises(ProbeError, match=said), serving(lab, "node2", argv, PORT):
        pytest.fail("the block was entered")


def test_a_server_that_never_listens_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "START_TIMEOUT_S", 0.2)
    said = r"did not listen on port 7007 within 0\.2 s"
    with netns.up() as lab, pytest.raises(ProbeError, match=said), serving(lab, "node2", ["sleep", "60"], PORT):
        pytest.fail("the block was entered")


def test_a_server_that_will_not_go_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "END_TIMEOUT_S", 0.3)
    stubborn = server("signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    said = "on node2 still holds port 7007"
    with netns.up() as lab, pytest.raises(ProbeError, match=said), serving(lab, "node2", stubborn, PORT):
        pass
