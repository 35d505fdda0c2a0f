"""The system calls that isolated code is refused, as a filter for the kernel.

Namespaces hide what code may not reach. Left are the calls whose cost no resource limit bounds,
for root least of all (RLIMIT_NPROC does not bind root, not even one that is somebody else inside
a user namespace), and those that namespaces do not cover, such as sockets to a hypervisor.
"""

from __future__ import annotations

import platform
import struct

from pytest_quant.errors import SandboxUnavailable

# Numbers by machine (linux/audit.h, asm/unistd.h); 0: the machine does not have the call.
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = {
    # other processes and threads
    "clone": (56, 220),
    "clone3": (435, 435),
    "fork": (57, 0),
    "vfork": (58, 0),
    # the network, and what is no part of it
    "socket": (41, 198),
    # memory beside the address space
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # new namespaces, and doors to the kernel that no program of ours needs
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "ptrace": (101, 117),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
}
# Calls of the x32 interface of an x86_64 kernel begin here.
_X32 = 0x40000000

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _NOT_PERMITTED, _KILL = 0x7FFF0000, 0x00050001, 0x80000000


def call_filter(machine: str | None = None) -> bytes:
    """The filter as a BPF program, for this machine or a named one.

    Raises ``SandboxUnavailable`` for a machine whose calls are not known.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise SandboxUnavailable(
            f"the system calls of {machine!r} are not known; "
            f"programs are isolated on {' and '.join(_ARCHITECTURES)}"
        )
    column = [*_ARCHITECTURES].index(machine)
    refused = [numbers[column] for numbers in _REFUSED.values() if numbers[column]]
    last = len(refused)
    tests = [_step(_EQUAL, number, last - i, 0) for i, number in enumerate(refused)]
    return b"".join(
        [
            _step(_LOAD, _ARCHITECTURE),
            _step(_EQUAL, _ARCHITECTURES[machine], 1, 0),
            _step(_RETURN, _KILL),
            _step(_LOAD, _NUMBER),
            _step(_AT_LEAST, _X32, 0, 1),
            _step(_RETURN, _KILL),
            *tests,
            _step(_RETURN, _ALLOW),
            _step(_RETURN, _NOT_PERMITTED),
        ]
    )


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
