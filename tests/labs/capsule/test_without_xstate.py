"""The filter that lets User-Mode Linux run on processors with more registers than it knows."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.labs.capsule import without_xstate

# Traces a child of its own, and prints what the kernel answers to three questions: 0, or the error's number.
ASKS = """
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
class Vector(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))
child = os.fork()
if child == 0:
    libc.ptrace(0, 0, None, None)
    os.kill(os.getpid(), signal.SIGSTOP)
    os._exit(0)
os.waitpid(child, 0)
room = ctypes.create_string_buffer(65536)
vector = Vector(ctypes.addressof(room), len(room))
for request, note in ((0x4204, 0x202), (0x4204, 1), (14, 0)):
    data = ctypes.addressof(vector) if request == 0x4204 else ctypes.addressof(room)
    print(0 if libc.ptrace(request, child, note, data) == 0 else ctypes.get_errno())
os.kill(child, signal.SIGKILL)
"""


def test_it_is_wanted_where_the_registers_do_not_fit(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: one\nflags\t\t: fpu sse avx512f amx_bf16 amx_tile\n")
    assert without_xstate.needed(cpuinfo)
    cpuinfo.write_text("model name\t: amx_tile\nflags\t\t: fpu sse avx512f\n")
    assert not without_xstate.needed(cpuinfo)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the filter is for x86-64, as User-Mode Linux is")
def test_only_the_question_for_the_extended_registers_is_refused() -> None:
    argv = [sys.executable, "-c", ASKS]
    plain = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    assert plain == ["0", "0", "0"]
    launched = [sys.executable, "-I", without_xstate.__file__, *argv]
    filtered = subprocess.run(launched, capture_output=True, text=True, timeout=30, check=True).stdout.split()
    assert filtered == ["5", "0", "0"]  # EIO; all registers of user_regs_struct; those of SSE
