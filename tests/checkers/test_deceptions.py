"""Programs that are out to deceive their tests, each of which gets the verdict that it deserves."""

from __future__ import annotations

import pytest

from pytest_quant.checkers import check

WRONG = "def double(x):\n    return x + 1\n"
TESTS = "assert double(2) == 4\nassert double(5) == 10"
ALWAYS = "class Always:\n    def __eq__(self, other):\n        return True\n"
# Whatever a program finds by walking from where it stands, it cannot see what is expected.
FRAMES = """
import sys

def double(x):
    frame = sys._getframe()
    while frame:
        for value in [*frame.f_locals.values(), *frame.f_globals.values()]:
            if callable(value) and getattr(value, '__name__', '') == '<lambda>':
                try:
                    return value()
                except BaseException:
                    pass
        frame = frame.f_back
    return x + 1
"""
# Looks through all objects for the tests and for what they expect.
WALK = """
import gc, types

def double(x):
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType):
            if thing.__code__.co_filename == '<tests>':
                return max(thing.__code__.co_consts)
        if isinstance(thing, dict) and '__equal__' in thing:
            thing['__equal__'] = thing['__true__'] = lambda *_: None
    return x + 1
"""
CTYPES = """
import ctypes

def double(x):
    four = ctypes.c_long.from_address(id(4) + 24)
    four.value = x + 1
    return 4
"""
TRACE = """
import sys

def tracing(frame, event, argument):
    if '__equal__' in frame.f_globals:
        frame.f_globals['__equal__'] = lambda *_: None
    return tracing

sys.settrace(tracing)
sys.setprofile(lambda *_: None)
"""
# The protocol, by whatever number a pipe has, before and while it is asked.
FORGED = """
import os, sys

def forge():
    for fd in range(3, 32):
        for said in (b'passed\\n', b'0000000fs6:answers0:0;-i4;' * 40):
            try:
                os.write(fd, said)
            except OSError:
                pass

forge()

def double(x):
    forge()
    os._exit(0)
"""
MACHINERY = """
import sys

for name, module in list(sys.modules.items()):
    for word in ('equal', 'true', 'Failed', '_value', 'Peer', 'Writer', 'Tests', '_judged'):
        if hasattr(module, word) and name != 'builtins':
            setattr(module, word, lambda *_, **__: True)
"""
BUILTINS = """
import builtins

for name in ('abs', 'bool', 'repr', 'isinstance', 'len', 'all', 'exec', 'AssertionError'):
    try:
        setattr(builtins, name, lambda *_: True)
    except BaseException:
        pass
"""

DECEPTIONS = {
    "equal to everything": ALWAYS + "def double(x):\n    return Always()",
    "equal to everything inside of a list": ALWAYS + "def double(x):\n    return [Always()]",
    "an int that is equal to everything": (
        "class Sly(int):\n    def __eq__(self, other):\n        return True\n"
        "    __hash__ = int.__hash__\ndef double(x):\n    return Sly(x + 1)"
    ),
    "unequal to nothing": (
        "class Sly:\n    def __ne__(self, other):\n        return False\n"
        "    def __getattr__(self, name):\n        return lambda *_: True\n"
        "def double(x):\n    return Sly()"
    ),
    "a metaclass": (
        "class Meta(type):\n    def __eq__(self, other):\n        return True\n"
        "    def __instancecheck__(self, other):\n        return True\n"
        "class double(metaclass=Meta):\n    def __new__(cls, x):\n        return cls"
    ),
    "frames": FRAMES,
    "gc": WALK,
    "ctypes": CTYPES,
    "settrace": TRACE + WRONG,
    "the protocol on every pipe": FORGED,
    "os.write": "import os\nos.write = lambda fd, data: len(data)\n" + WRONG,
    "os.write that says passed": (
        "import os\nwrite = os.write\n"
        "os.write = lambda fd, data: write(fd, b'passed\\n') and len(data)\n" + WRONG
    ),
    "os.read": "import os\nread = os.read\nos.read = lambda fd, n: read(fd, n) and b''\n" + WRONG,
    "the assertion machinery": MACHINERY + WRONG,
    "the built-ins": BUILTINS + WRONG,
    "names of the tests": (
        "__equal__ = __true__ = equal = true = lambda *_: None\n"
        "globals()['__equal__'] = lambda *_: None\n" + WRONG
    ),
    "exit before the tests": WRONG + "raise SystemExit(0)",
    "sys.exit": WRONG + "import sys\nsys.exit(0)",
    "os._exit": WRONG + "import os\nos._exit(0)",
    "exit in a test": "import os\ndef double(x):\n    os._exit(0)",
    "exit by exec": (
        "import os, sys\ndef double(x):\n    os.execv(sys.executable, ['python', '-c', ''])"
    ),
    "atexit": WRONG + "import atexit, os\natexit.register(os._exit, 0)",
    "a thread": (
        "import _thread\ntry:\n    _thread.start_new_thread(lambda: None, ())\n"
        "except RuntimeError:\n    pass\n" + WRONG
    ),
    "a signal": (
        "import os, signal\nsignal.signal(signal.SIGALRM, lambda *_: os._exit(0))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01)\n" + WRONG
    ),
    "an AssertionError of its own": "def double(x):\n    raise AssertionError('passed')",
    "a generator": "def double(x):\n    yield 4",
    "an exception that is the answer": "def double(x):\n    return AssertionError",
}


@pytest.mark.parametrize("trick", DECEPTIONS)
def test_a_program_that_deceives_is_wrong(trick: str) -> None:
    outcome = check("code", DECEPTIONS[trick], TESTS, entry="double", seconds=1)
    assert outcome.verdict == "incorrect"
    assert "0x" not in outcome.reason


@pytest.mark.parametrize("trick", ["atexit", "settrace", "os.write", "names of the tests"])
def test_a_right_program_may_do_what_it_likes(trick: str) -> None:
    program = DECEPTIONS[trick].replace("return x + 1", "return x * 2")
    outcome = check("code", program, TESTS, entry="double", seconds=1)
    assert outcome.correct, outcome.reason


# What a test compares or computes with a value of its own is never a question to the program.
SLY = """
class Sly:
    def answer(self, *_):
        return 0.0
    def holds(self, *_):
        return True
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __pow__ = answer
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __instancecheck__ = holds
    def __hash__(self):
        return hash(4)

def double(x):
    return Sly()
"""


@pytest.mark.parametrize(
    "test",
    [
        "double(2) == 4",
        "4 == double(2)",
        "not double(2) != 4",
        "abs(double(2) - 4) < 1e-6",
        "abs(4 - double(2)) < 1e-6",
        "double(2) < 5",
        "5 > double(2)",
        "double(2) in (4, 5)",
        "double(2) in {4: 1}",
        "4 in double(2)",
        "isinstance(double(2), int)",
        "isinstance(4, double(2))",
        "type(double(2)) is int",
        "double(2) is True",
        "[double(2)] == [4]",
        "(4, double(2)) == (4, 4)",
        "{'a': double(2)} == {'a': 4}",
        "sum([double(2)]) == 4",
        "max(double(2), 3) == 4",
        "round(double(2), 3) == 4",
        "all(map(lambda x: double(x) == 2 * x, range(3)))",
    ],
)
def test_an_object_of_the_program_decides_nothing(test: str) -> None:
    outcome = check("code", SLY, f"assert {test}", entry="double", seconds=1)
    assert outcome.verdict == "incorrect", outcome.reason


def test_a_function_ends_no_loop_of_the_tests() -> None:
    program = "def double(x):\n    raise StopIteration"
    tests = "assert all(map(lambda x: double(x) == 2 * x, range(3)))"
    outcome = check("code", program, tests, entry="double")
    assert outcome.reason.endswith("raised RuntimeError: raised StopIteration")


def test_a_program_does_not_replace_what_the_tests_use() -> None:
    """Built-in functions, modules, and the helpers that the question gives."""
    beginning = "import math\n\ndef off(x):\n    return x - 4\n\ndef double(x):\n"
    program = (
        "import math\ndef off(x):\n    return 0\ndef abs(x):\n    return 0\n"
        "math.fabs = abs\ndef double(x):\n    return x + 1"
    )
    for test in ("off(double(2)) == 0", "abs(double(2) - 4) == 0", "math.fabs(double(2) - 4) == 0"):
        outcome = check("code", program, f"assert {test}", entry="double", beginning=beginning)
        assert outcome.pattern == "failed test", test


def test_a_function_that_is_asked_for_may_have_the_name_of_a_built_in() -> None:
    program = "def sum(values):\n    return 7"
    assert check("code", program, "assert sum([1]) == 7", entry="sum").correct


# What a program gets from its tests leads to none of their names.
SPY = """
def double(spy):
    for thing in (spy, spy.seen, spy.later()):
        for path in ('__globals__', '__class__', '__init__', '__dict__', '__func__', '__self__',
                     'gi_frame', 'gi_code', 'tb_frame', '__code__', '__reduce_ex__', '_inner',
                     '__subclasses__', '__builtins__', '__traceback__', '__getattribute__'):
            for get in (getattr, type(thing).__getattribute__):
                try:
                    found = get(thing, path)
                except AttributeError:
                    continue
                if 'WANTED' in str(found) or hasattr(found, 'keys'):
                    return found
    try:
        raise spy.error()
    except Exception as error:
        step = error.__traceback__
        while step:
            if 'WANTED' in step.tb_frame.f_globals:
                return step.tb_frame.f_globals['WANTED']
            step = step.tb_next
    return 'nothing'
"""
SPIED = """
WANTED = 'WANTED'
class Spy:
    _inner = WANTED
    def seen(self):
        return WANTED.lower()
    def later(self):
        yield WANTED
    def error(self):
        return ValueError()
assert double(Spy()) != 'nothing'
"""


def test_what_the_tests_give_leads_nowhere() -> None:
    outcome = check("code", SPY, SPIED, entry="double", seconds=2)
    assert outcome.reason == "double(Spy()) != 'nothing': expected to hold, does not"


def test_the_tests_count_for_themselves() -> None:
    tests = (
        "class Watched(list):\n    reads = 0\n    def __getitem__(self, i):\n"
        "        self.reads += 1\n        return list.__getitem__(self, i)\n"
        "values = Watched([1, 2, 3])\nassert double(values) == 6\nassert values.reads <= 1"
    )
    program = "def double(v):\n    total = v[0] + v[1] + v[2]\n    v.reads = 0\n    return total"
    outcome = check("code", program, tests, entry="double")
    assert outcome.pattern == "crash"
    assert "has no attribute 'reads'" in outcome.reason
    quiet = program.replace("v.reads = 0", "pass")
    outcome = check("code", quiet, tests, entry="double")
    assert outcome.reason == "values.reads <= 1: expected to hold, does not"


def test_a_test_that_fails_in_a_function_of_its_own_is_not_told_to_the_program() -> None:
    program = (
        "def double(f):\n    for i in range(9):\n        try:\n            f(i)\n"
        "        except BaseException:\n            pass\n    return 4"
    )
    tests = "def f(i):\n    assert i == 3\n"
    tests += "try:\n    assert double(f) == 4\nexcept AssertionError:\n    pass"
    assert check("code", program, tests, entry="double").reason == "i: expected 3, got 0"
