"""Exact evaluation of the expressions that probe authors write.

Only configuration reaches this module, never the text of a model. Literals are rationals
(``0.1`` is 1/10), so nothing is rounded before the question asks for it.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sympy

_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": sympy.Abs,
    "binomial": sympy.binomial,
    "ceiling": sympy.ceiling,
    "cos": sympy.cos,
    "det": lambda rows: sympy.Matrix(rows).det(),
    "exp": sympy.exp,
    "factorial": sympy.factorial,
    "floor": sympy.floor,
    "gcd": lambda *numbers: sympy.gcd(numbers),
    "lcm": lambda *numbers: sympy.lcm(numbers),
    "log": sympy.log,
    "max": sympy.Max,
    "min": sympy.Min,
    "normal": lambda z: (1 + sympy.erf(z / sympy.sqrt(2))) / 2,  # the distribution function
    "sin": sympy.sin,
    "sqrt": lambda number: sympy.sqrt(number),  # its own second argument is no degree
    "sum": lambda terms: sum(terms, sympy.Integer(0)),
}
# A literal such as 1e999999999 would fill the memory with its digits.
_MAX_EXPONENT = 9999
_CONSTANTS: dict[str, Any] = {"pi": sympy.pi, "e": sympy.E}


class ExpressionError(ValueError):
    """An expression that cannot be evaluated; the message says why."""


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The exact sympy value of ``expression`` over ``values``, a finite real number.

    Knows arithmetic, lists, the functions above and ``ieee(...)``: the value that IEEE 754
    double precision gives to the arithmetic inside, as an exact rational.
    Raises ``ExpressionError``.
    """
    return _finite(expression, _evaluated(expression, values))


def evaluate_all(expressions: str, values: Mapping[str, Any]) -> list[Any]:
    """The values of several expressions with commas between them, each as ``evaluate`` gives it."""
    listed = _evaluated(expressions, values)
    if not isinstance(listed, list):
        raise ExpressionError(f"{expressions!r} is one expression; expected several, with commas")
    return [_finite(expressions, value) for value in listed]


def _evaluated(expression: str, values: Mapping[str, Any]) -> Any:
    source = expression.strip()
    try:
        return _Evaluator(values, source).exact(ast.parse(source, mode="eval").body)
    except SyntaxError as error:
        raise ExpressionError(f"{expression!r} is not an expression: {error.msg}") from error
    except (ArithmeticError, MemoryError, RecursionError, TypeError, ValueError) as error:
        problem = " ".join(str(error).split()) or type(error).__name__
        raise ExpressionError(f"{expression!r}: {problem}") from error


def _finite(expression: str, value: Any) -> Any:
    if not (isinstance(value, sympy.Expr) and value.is_real and value.is_finite):
        raise ExpressionError(f"{expression!r}: {value} is not a finite real number")
    return value


class _Evaluator:
    def __init__(self, values: Mapping[str, Any], source: str) -> None:
        self._values = values
        self._source = source

    def exact(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=bool()):
                raise ValueError(f"{node.value!r} is not a number")
            case ast.Constant(value=int(value)):
                return sympy.Integer(value)
            case ast.Constant(value=float()):
                # As it is written: a float would have forgotten what is behind its 17th digit.
                literal = ast.get_source_segment(self._source, node)
                return to_exact(Decimal(literal or ""))
            case ast.Name(id=name):
                return self._name(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.exact(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _BINARY[type(op)](self.exact(left), self.exact(right))
            case ast.List(elts=elements) | ast.Tuple(elts=elements):
                return [self.exact(element) for element in elements]
            case ast.Call(func=ast.Name(id="ieee"), args=[argument], keywords=[]):
                return sympy.Rational(Fraction(self._double(argument)))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                if name not in _FUNCTIONS:
                    known = ", ".join(sorted([*_FUNCTIONS, "ieee"]))
                    raise ValueError(f"unknown function {name!r}; known: {known}")
                return _FUNCTIONS[name](*(self.exact(argument) for argument in arguments))
        raise ValueError(f"{ast.unparse(node)!r} is not allowed here")

    def _name(self, name: str) -> Any:
        if name in self._values:
            return to_exact(self._values[name])
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        raise ValueError(f"unknown name {name!r}; known: {', '.join(sorted(self._values))}")

    def _double(self, node: ast.expr) -> float:
        """The value of a sub-expression in double precision, operation by operation."""
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._double(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return float(_BINARY[type(op)](self._double(left), self._double(right)))
            case ast.Constant() | ast.Name():
                value = self.exact(node)
                return float(Fraction(value.p, value.q) if value.is_Rational else value)
        raise ValueError(f"{ast.unparse(node)!r} is not allowed inside ieee(...)")


def to_exact(value: Any) -> Any:
    """A drawn value as an exact sympy number (lists element by element)."""
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, int | Fraction):
        return sympy.Rational(value)
    if isinstance(value, Decimal) and abs(value.adjusted()) > _MAX_EXPONENT:
        raise ValueError(f"{value} is out of range")
    if isinstance(value, Decimal | float):
        return sympy.Rational(str(value))
    if isinstance(value, list | tuple):
        return [to_exact(item) for item in value]
    raise ValueError(f"{value!r} is not a number")
