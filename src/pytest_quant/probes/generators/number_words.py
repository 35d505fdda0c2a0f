"""Numbers from 13 to 99 in words, in English, German, French and Spanish."""

from __future__ import annotations

_ENGLISH = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
]  # fmt: skip
_ENGLISH_TENS = [
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
]  # fmt: skip
_GERMAN = [
    "null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn",
    "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn",
    "neunzehn",
]  # fmt: skip
_GERMAN_TENS = [
    "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
]  # fmt: skip
_FRENCH = [
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix",
    "onze", "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit",
    "dix-neuf",
]  # fmt: skip
_FRENCH_TENS = [
    "vingt", "trente", "quarante", "cinquante", "soixante",
]  # fmt: skip
# Belgium and Switzerland count on by tens.
_SEPTANTE = {70: "septante", 80: "quatre-vingt", 90: "nonante"}
_SPANISH = [
    "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez",
    "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho",
    "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés", "veinticuatro",
    "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
]  # fmt: skip
_SPANISH_TENS = [
    "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa",
]  # fmt: skip


def in_words(number: int, language: str) -> list[str]:
    """A number in words, every right way, the usual one first."""
    return {"English": _english, "German": _german, "French": _french, "Spanish": _spanish}[
        language
    ](number)


def _english(number: int) -> list[str]:
    if number < 20:
        return [_ENGLISH[number]]
    tens, ones = divmod(number, 10)
    return [_ENGLISH_TENS[tens - 2] + (f"-{_ENGLISH[ones]}" if ones else "")]


def _german(number: int) -> list[str]:
    if number < 20:
        return [_GERMAN[number]]
    tens, ones = divmod(number, 10)
    return [(f"{_GERMAN[ones]}und" if ones else "") + _GERMAN_TENS[tens - 2]]


def _french(number: int) -> list[str]:
    if number < 20:
        return [_FRENCH[number]]
    tens, ones = divmod(number, 10)
    if number < 70:
        return [_joined(_FRENCH_TENS[tens - 2], ones)]
    if number < 80:
        usual = "soixante et onze" if ones == 1 else f"soixante-{_FRENCH[10 + ones]}"
    else:
        usual = "quatre-vingts" if number == 80 else f"quatre-vingt-{_FRENCH[number - 80]}"
    return [usual, *([] if tens == 8 else [_joined(_SEPTANTE[10 * tens], ones)])]


def _joined(tens: str, ones: int) -> str:
    if ones == 1:
        return f"{tens} et un"
    return f"{tens}-{_FRENCH[ones]}" if ones else tens


def _spanish(number: int) -> list[str]:
    if number < 30:
        return [_SPANISH[number]]
    tens, ones = divmod(number, 10)
    return [_SPANISH_TENS[tens - 3] + (f" y {_SPANISH[ones]}" if ones else "")]
