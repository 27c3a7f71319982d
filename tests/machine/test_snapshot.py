"""One look is one value: what it found stays as it was, and another look sees what has changed."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from described import described, tool, write

from experiments.machine import Machine, look
from experiments.machine.features import FEATURES


def plain(folder: Path) -> Machine:
    """A machine of a folder's files and programs that asks them itself."""
    return Machine("Linux", "amd64", False, (3, 11), str(folder / "bin"), folder)


def test_a_program_that_is_installed_after_a_look_is_seen_by_the_next_one(tmp_path: Path) -> None:
    before = plain(tmp_path)
    assert before.program("ping") is None
    tool(tmp_path, "ping")
    assert before.program("ping") is None
    assert replace(before).program("ping") == str(tmp_path / "bin/ping")


def test_a_question_that_takes_time_is_asked_once_a_look(tmp_path: Path) -> None:
    tool(tmp_path, "docker", f"#!/bin/sh\necho asked >> {tmp_path}/asked\necho 1.44\n")
    machine = plain(tmp_path)
    assert [machine.docker() for _ in range(3)] == [None] * 3
    assert (tmp_path / "asked").read_text() == "asked\n"
    assert replace(machine).docker() is None
    assert (tmp_path / "asked").read_text() == "asked\nasked\n"


def test_a_snapshot_is_a_value(tmp_path: Path) -> None:
    with pytest.raises(FrozenInstanceError):
        plain(tmp_path).root = True  # type: ignore[misc]
    assert plain(tmp_path) == plain(tmp_path)


def test_a_command_that_says_too_much_too_late_or_nothing_is_an_answer_too(tmp_path: Path) -> None:
    tool(tmp_path, "talks", "#!/bin/sh\nPATH=/usr/bin:/bin\nhead -c 3000000 /dev/zero\n")
    tool(tmp_path, "sleeps", "#!/bin/sh\nPATH=/usr/bin:/bin\nexec sleep 60\n")
    tool(tmp_path, "foreign", "\x7fELF of another processor")
    machine = plain(tmp_path)
    assert machine.ask("talks").refusal == "talks says more than 1024 KiB"
    assert machine.ask("sleeps", timeout_s=0.2).refusal == "no answer"
    assert machine.ask("nothing").refusal == "nothing is not installed"
    assert "foreign" in (machine.ask("foreign").refusal or "")


@pytest.mark.parametrize(("switch", "value", "how"), [
    ("unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    ("apparmor_restrict_unprivileged_userns", "1", "apparmor_restrict_unprivileged_userns=0"),
])
def test_forbidden_user_namespaces_name_the_switch(switch: str, value: str, how: str, tmp_path: Path) -> None:
    tool(tmp_path, "unshare", "#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    assert plain(tmp_path).user_namespaces() == "user namespaces are not allowed here: unshare: Operation not permitted"
    write(tmp_path, f"proc/sys/kernel/{switch}", f"{value}\n")
    assert how in (plain(tmp_path).user_namespaces() or "")


def test_a_hidden_proc_is_told_although_user_namespaces_are_allowed(tmp_path: Path) -> None:
    """As in Docker: the lab and the capsule both begin with a /proc of their own."""
    tool(tmp_path, "unshare", "#!/bin/sh\ncase \"$*\" in *--mount-proc*) echo 'mount /proc failed' >&2; exit 1 ;; esac\n")
    assert "systempaths=unconfined" in (plain(tmp_path).user_namespaces() or "")


def test_a_link_of_each_kind_is_really_made() -> None:
    """A kind that no kernel has is refused by the kernel itself; veth is everywhere."""
    machine = look()
    if refused := machine.user_namespaces():
        pytest.skip(refused)
    assert machine.ask("unshare", "--user", "--map-root-user", "--net", "ip", "link", "add", "type", "podpath-no").refusal
    assert machine.feature("veth") is None


def test_a_feature_is_not_said_to_be_missing_when_the_tool_that_would_tell_is(tmp_path: Path) -> None:
    assert plain(tmp_path).feature("ipip") == "ip is not installed, which would tell"
    assert {name for name, feature in FEATURES.items() if not feature.module} == {"ipv4-forwarding"}


def test_docker_that_runs_as_an_ordinary_user_is_recognised(tmp_path: Path) -> None:
    for options, rootless in ((["name=seccomp,profile=builtin", "name=rootless"], True), (["name=seccomp"], False)):
        said = json.dumps(options)
        tool(tmp_path, "docker", f"#!/bin/sh\n[ $1 = version ] && echo 1.44 || echo '{{\"SecurityOptions\": {said}}}'\n")
        assert plain(tmp_path).rootless_docker() == rootless


def test_what_is_no_number_is_not_known(tmp_path: Path) -> None:
    machine = described(tmp_path)
    assert (machine.memory_bytes(), machine.inotify("max_user_watches"), machine.control_groups()) == (None, None, False)
    write(tmp_path, "proc/meminfo", "MemAvailable: many kB\n")
    write(tmp_path, "proc/sys/fs/inotify/max_user_watches", "all")
    assert (replace(machine).memory_bytes(), replace(machine).inotify("max_user_watches")) == (None, None)
