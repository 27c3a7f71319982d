"""Start a program whose ``ptrace`` does not know the processor's extended registers; run as a script, with its command.

User-Mode Linux 6.1, which Debian 12 has, sets a guest process's registers by PTRACE_SETREGSET from a buffer of 2,696 bytes.
Where the processor has AMX, Linux wants 11,008 bytes at once and refuses fewer with EFAULT; the guest's first process then
dies of "ptrace set fp regs failed, errno = 14" (sizes and error seen by strace, Linux 6.18).
If its first question for these registers is refused, User-Mode Linux falls back to those of SSE, which every x86-64 has:
that is what the seccomp filter here does (seccomp(2)). Guest programs must then leave AVX alone: see :data:`GUEST`.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from pathlib import Path

# What guest programs are told, so that none keeps anything in registers that are lost: glibc's choice of string functions
# (GLIBC_TUNABLES(7)), Go's, and OpenSSL's (OPENSSL_ia32cap(3): AVX, then all of the second word).
GUEST = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX512F,-AVX512VL,-AVX512BW,-AVX512DQ,-AVX_Fast_Unaligned_Load",
    "GODEBUG": "cpu.all=off",
    "OPENSSL_ia32cap": "~0x1000000000000000:~0xffffffff",
}
TOO_LARGE = "amx_tile"  # the flag in /proc/cpuinfo of the registers that do not fit

_NO_NEW_PRIVILEGES = 38  # prctl(2), linux/prctl.h
_SECCOMP, _SET_MODE_FILTER, _SPEC_ALLOW = 317, 1, 4  # the system call's number on x86-64; linux/seccomp.h
_AUDIT_ARCH_X86_64 = 0xC000003E  # linux/audit.h
_PTRACE, _GETREGSET, _XSTATE = 101, 0x4204, 0x202  # the system call; linux/ptrace.h; NT_X86_XSTATE of linux/elf.h
_LOAD, _IF_EQUAL, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h: LD|W|ABS, JMP|JEQ|K, RET|K
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000  # SECCOMP_RET_*
# Where struct seccomp_data (linux/seccomp.h) has the call's number, the architecture, and arguments of 8 bytes each.
_NUMBER, _ARCHITECTURE, _REQUEST, _NOTE = 0, 4, 16, 32

# (code, steps to skip if true, if false, constant)
FILTER = (
    (_LOAD, 0, 0, _ARCHITECTURE), (_IF_EQUAL, 0, 6, _AUDIT_ARCH_X86_64),
    (_LOAD, 0, 0, _NUMBER), (_IF_EQUAL, 0, 4, _PTRACE),
    (_LOAD, 0, 0, _REQUEST), (_IF_EQUAL, 0, 2, _GETREGSET),
    (_LOAD, 0, 0, _NOTE), (_IF_EQUAL, 1, 0, _XSTATE),
    (_RETURN, 0, 0, _ALLOW),
    (_RETURN, 0, 0, _ERROR | errno.EIO),
)


def needed(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor's registers are too many for User-Mode Linux."""
    return any(line.startswith("flags") and TOO_LARGE in line.split() for line in cpuinfo.read_text().splitlines())


class _Program(ctypes.Structure):
    """struct sock_fprog of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def main(argv: list[str]) -> None:
    """Put the filter on this process, which no child of it can take off, and become ``argv``.

    Raises:
        OSError: the kernel does not take the filter, or the program cannot be started.
    """
    steps = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in FILTER))
    program = _Program(len(FILTER), ctypes.cast(steps, ctypes.c_void_p))
    libc = ctypes.CDLL(None, use_errno=True)
    if (libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0
            or libc.syscall(_SECCOMP, _SET_MODE_FILTER, _SPEC_ALLOW, ctypes.byref(program)) != 0):
        code = ctypes.get_errno()
        raise OSError(code, f"seccomp: {os.strerror(code)}")
    os.execvp(argv[0], argv)


if __name__ == "__main__":
    main(sys.argv[1:])
