"""Which words behind a number are units, and which of them mean the same unit."""

from __future__ import annotations

from fractions import Fraction

# One line a unit: its canonical name, then its other spellings. Matching ignores case only where
# a spelling has more than two letters, because m and M, or g and G, differ.
_TABLE = """
% percent percents per_cent percentage pct
$ dollar dollars usd us$ buck bucks
cent cents \u00a2
\u20ac euro euros eur
\u00a3 pound_sterling gbp pounds_sterling quid
\u00a5 yen jpy yuan cny rmb
\u20b9 rupee rupees inr
\u20a9 won krw
\u20bd ruble rubles rouble roubles rub
nm nanometer nanometers nanometre nanometres
um \u00b5m \u03bcm micrometer micrometers micrometre micrometres micron microns
mm millimeter millimeters millimetre millimetres
cm centimeter centimeters centimetre centimetres
m meter meters metre metres
km kilometer kilometers kilometre kilometres kms
inch inches in
ft foot feet
yd yard yards yds
mile miles
mg milligram milligrams
g gram grams gm
kg kilogram kilograms kilo kilos kgs
tonne tonnes ton tons
oz ounce ounces
lb lbs pound pounds
ml milliliter milliliters millilitre millilitres mL
cl centiliter centiliters centilitre centilitres cL
L liter liters litre litres l
gallon gallons gal
quart quarts
pint pints
cup cups
ns nanosecond nanoseconds
us \u00b5s \u03bcs microsecond microseconds
ms millisecond milliseconds
s second seconds sec secs
min minute minutes mins
h hour hours hr hrs
day days
week weeks
month months
year years yr yrs
N newton newtons
J joule joules
kJ kilojoule kilojoules
cal calorie calories
kcal kilocalorie kilocalories
W watt watts
kW kilowatt kilowatts
kWh kilowatt-hour kilowatt-hours
V volt volts
A ampere amperes amp amps
ohm ohms \u03a9
Hz hertz
kHz kilohertz
MHz megahertz
GHz gigahertz
Pa pascal pascals
kPa kilopascal kilopascals
bar bars
bit bits
byte bytes
kB kilobyte kilobytes KB
MB megabyte megabytes
GB gigabyte gigabytes
TB terabyte terabytes
mph
kmh kph
rpm
\u00b0 degree degrees deg
\u00b0C celsius
\u00b0F fahrenheit
K kelvin kelvins
mol mole moles
rad radian radians
"""

_CURRENCIES = frozenset("$\u20ac\u00a3\u00a5\u20b9\u20a9\u20bd") | {"cent"}
_COMPOUND = {"mph": "mile/h", "kmh": "km/h"}

_LONG: dict[str, str] = {}
_SHORT: dict[str, str] = {}
for _line in _TABLE.split("\n"):
    for _spelling in _line.split():
        _name = _line.split()[0]
        if len(_spelling) > 2:
            _LONG[_spelling.replace("_", " ").casefold()] = _name
        else:
            _SHORT[_spelling] = _name

# Also ordinary words or variables: read as units only where they touch the number or where the
# question asks for them.
AMBIGUOUS = frozenset({"A", "K", "N", "V", "W", "J", "in", "us", "bar", "cal"})

# quantity in smaller unit = factor x quantity in larger unit; for "3 dollars and 50 cents"
_PARTS: dict[tuple[str, str], Fraction] = {
    ("$", "cent"): Fraction(1, 100),
    ("\u20ac", "cent"): Fraction(1, 100),
    ("h", "min"): Fraction(1, 60),
    ("min", "s"): Fraction(1, 60),
    ("day", "h"): Fraction(1, 24),
    ("week", "day"): Fraction(1, 7),
    ("year", "month"): Fraction(1, 12),
    ("ft", "inch"): Fraction(1, 12),
    ("lb", "oz"): Fraction(1, 16),
    ("km", "m"): Fraction(1, 1000),
    ("m", "cm"): Fraction(1, 100),
    ("kg", "g"): Fraction(1, 1000),
}


def unit_name(spelling: str) -> str | None:
    """The canonical name of one known unit word or symbol, or ``None``."""
    if len(spelling) > 2:
        return _LONG.get(spelling.casefold())
    return _SHORT.get(spelling)


def canonical_unit(spelling: str) -> str:
    """The canonical form of an author's unit; an unknown word stands for itself.

    Understands powers and quotients: ``square metres``, ``cm^2``, ``km/h``, ``miles per hour``.
    """
    text = " ".join(spelling.replace("\u00b2", "^2").replace("\u00b3", "^3").split())
    if known := unit_name(text):
        return _COMPOUND.get(known, known)
    for separator in ("/", " per "):
        above, found, below = text.partition(separator)
        if found and above:
            return f"{canonical_unit(above)}/{canonical_unit(below)}"
    for word, power in (("square ", "2"), ("cubic ", "3"), ("sq ", "2")):
        if text.casefold().startswith(word):
            return f"{canonical_unit(text[len(word) :])}^{power}"
    base, caret, power = text.partition("^")
    if caret:
        return f"{canonical_unit(base)}^{power.strip('{}()')}"
    if base[-1:] in "23" and (known := unit_name(base[:-1])):
        return f"{known}^{base[-1]}"
    return _singular(text.casefold())


def is_currency(name: str) -> bool:
    """Whether a canonical unit is money."""
    return name in _CURRENCIES


def part_of(large: str, small: str) -> Fraction | None:
    """How much of the canonical unit ``large`` one ``small`` is, if people write them together."""
    return _PARTS.get((large, small))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
