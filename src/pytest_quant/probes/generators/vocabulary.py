"""A small vocabulary in four languages, of words that have one rendering or a stated set.

Articles stand with the nouns and adjectives in the form that the noun asks for. Where a language
has several words for one thing, all of them are listed, the usual one first.
"""

from __future__ import annotations

from itertools import product

LANGUAGES = ("German", "French", "Spanish")

# English word -> its words in German, French and Spanish. No word of another language stands for
# two of the English ones.
WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "Monday": (("Montag",), ("lundi",), ("lunes",)),
    "Tuesday": (("Dienstag",), ("mardi",), ("martes",)),
    "Wednesday": (("Mittwoch",), ("mercredi",), ("miércoles",)),
    "Thursday": (("Donnerstag",), ("jeudi",), ("jueves",)),
    "Friday": (("Freitag",), ("vendredi",), ("viernes",)),
    "Saturday": (("Samstag", "Sonnabend"), ("samedi",), ("sábado",)),
    "Sunday": (("Sonntag",), ("dimanche",), ("domingo",)),
    "January": (("Januar", "Jänner"), ("janvier",), ("enero",)),
    "February": (("Februar", "Feber"), ("février",), ("febrero",)),
    "March": (("März",), ("mars",), ("marzo",)),
    "June": (("Juni",), ("juin",), ("junio",)),
    "July": (("Juli",), ("juillet",), ("julio",)),
    "October": (("Oktober",), ("octobre",), ("octubre",)),
    "December": (("Dezember",), ("décembre",), ("diciembre",)),
    "red": (("rot",), ("rouge",), ("rojo", "roja", "colorado")),
    "blue": (("blau",), ("bleu", "bleue"), ("azul",)),
    "green": (("grün",), ("vert", "verte"), ("verde",)),
    "yellow": (("gelb",), ("jaune",), ("amarillo", "amarilla")),
    "white": (("weiß",), ("blanc", "blanche"), ("blanco", "blanca")),
    "black": (("schwarz",), ("noir", "noire"), ("negro", "negra")),
    "grey": (("grau",), ("gris", "grise"), ("gris",)),
    "bread": (("Brot",), ("pain",), ("pan",)),
    "water": (("Wasser",), ("eau", "l'eau", "de l'eau"), ("agua", "el agua")),
    "milk": (("Milch",), ("lait",), ("leche",)),
    "cheese": (("Käse",), ("fromage",), ("queso",)),
    "salt": (("Salz",), ("sel",), ("sal",)),
    "apple": (("Apfel",), ("pomme",), ("manzana",)),
    "egg": (("Ei",), ("œuf", "oeuf", "l'œuf"), ("huevo",)),
    "fish": (("Fisch",), ("poisson",), ("pez", "pescado")),
    "dog": (("Hund",), ("chien",), ("perro",)),
    "cat": (("Katze",), ("chat", "chatte"), ("gato", "gata")),
    "horse": (("Pferd", "Ross"), ("cheval",), ("caballo",)),
    "bird": (("Vogel",), ("oiseau", "l'oiseau"), ("pájaro", "ave")),
    "cow": (("Kuh",), ("vache",), ("vaca",)),
    "tree": (("Baum",), ("arbre", "l'arbre"), ("árbol",)),
    "house": (("Haus",), ("maison",), ("casa",)),
    "book": (("Buch",), ("livre",), ("libro",)),
    "summer": (("Sommer",), ("été", "l'été"), ("verano",)),
    "brother": (("Bruder",), ("frère",), ("hermano",)),
    "sister": (("Schwester",), ("sœur", "soeur"), ("hermana",)),
    "mother": (("Mutter",), ("mère",), ("madre",)),
    "father": (("Vater",), ("père",), ("padre",)),
    "moon": (("Mond",), ("lune",), ("luna",)),
    "sun": (("Sonne",), ("soleil",), ("sol",)),
}
# As right as the English word itself where it is the translation.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "grey": ("gray",),
    "mother": ("mum", "mom"),
    "father": ("dad",),
}

# English noun -> singular with article, plural, and gender (m, f, n) in each language.
NOUNS: dict[str, tuple[tuple[str, str, str], tuple[str, str, str], tuple[str, str, str]]] = {
    "house": (("das Haus", "Häuser", "n"), ("la maison", "maisons", "f"),
              ("la casa", "casas", "f")),
    "table": (("der Tisch", "Tische", "m"), ("la table", "tables", "f"), ("la mesa", "mesas", "f")),
    "chair": (("der Stuhl", "Stühle", "m"), ("la chaise", "chaises", "f"),
              ("la silla", "sillas", "f")),
    "book": (("das Buch", "Bücher", "n"), ("le livre", "livres", "m"), ("el libro", "libros", "m")),
    "door": (("die Tür", "Türen", "f"), ("la porte", "portes", "f"),
             ("la puerta", "puertas", "f")),
    "apple": (("der Apfel", "Äpfel", "m"), ("la pomme", "pommes", "f"),
              ("la manzana", "manzanas", "f")),
    "flower": (("die Blume", "Blumen", "f"), ("la fleur", "fleurs", "f"),
               ("la flor", "flores", "f")),
    "shirt": (("das Hemd", "Hemden", "n"), ("la chemise", "chemises", "f"),
              ("la camisa", "camisas", "f")),
    "bridge": (("die Brücke", "Brücken", "f"), ("le pont", "ponts", "m"),
               ("el puente", "puentes", "m")),
    "key": (("der Schlüssel", "Schlüssel", "m"), ("la clé", "clés", "f"),
            ("la llave", "llaves", "f")),
    "bed": (("das Bett", "Betten", "n"), ("le lit", "lits", "m"), ("la cama", "camas", "f")),
    "hat": (("der Hut", "Hüte", "m"), ("le chapeau", "chapeaux", "m"),
            ("el sombrero", "sombreros", "m")),
    "dog": (("der Hund", "Hunde", "m"), ("le chien", "chiens", "m"), ("el perro", "perros", "m")),
    "tree": (("der Baum", "Bäume", "m"), ("l'arbre", "arbres", "m"), ("el árbol", "árboles", "m")),
}  # fmt: skip
# Spelled otherwise, and as right.
_ALSO = {"la clé": "la clef", "clés": "clefs"}

# English colour -> German stem; French masculine and feminine; Spanish masculine and feminine.
COLOURS: dict[str, tuple[str, tuple[str, str], tuple[str, str]]] = {
    "red": ("rot", ("rouge", "rouge"), ("rojo", "roja")),
    "blue": ("blau", ("bleu", "bleue"), ("azul", "azul")),
    "green": ("grün", ("vert", "verte"), ("verde", "verde")),
    "yellow": ("gelb", ("jaune", "jaune"), ("amarillo", "amarilla")),
    "white": ("weiß", ("blanc", "blanche"), ("blanco", "blanca")),
    "black": ("schwarz", ("noir", "noire"), ("negro", "negra")),
    "grey": ("grau", ("gris", "grise"), ("gris", "gris")),
}

# English subject -> other English words for it, then the same in each language.
SUBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "the woman": (("the lady", "the wife"), ("die Frau",), ("la femme",), ("la mujer",)),
    "the man": (("the husband",), ("der Mann",), ("l'homme",), ("el hombre",)),
    "the king": ((), ("der König",), ("le roi",), ("el rey",)),
    "the queen": ((), ("die Königin",), ("la reine",), ("la reina",)),
    "my brother": ((), ("mein Bruder",), ("mon frère",), ("mi hermano",)),
    "my sister": ((), ("meine Schwester",), ("ma sœur", "ma soeur"), ("mi hermana",)),
    "my uncle": ((), ("mein Onkel",), ("mon oncle",), ("mi tío",)),
    "my aunt": ((), ("meine Tante",), ("ma tante",), ("mi tía",)),
}
VERBS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "has": (("has got", "owns"), ("hat",), ("a",), ("tiene",)),
    "sees": (("can see", "is seeing"), ("sieht",), ("voit",), ("ve",)),
    "buys": (("is buying", "purchases"), ("kauft",), ("achète",), ("compra",)),
}
NUMBERS: dict[str, tuple[str, str, str]] = {
    "two": ("zwei", "deux", "dos"), "three": ("drei", "trois", "tres"),
    "four": ("vier", "quatre", "cuatro"), "five": ("fünf", "cinq", "cinco"),
    "six": ("sechs", "six", "seis"), "seven": ("sieben", "sept", "siete"),
}  # fmt: skip


def coloured(noun: str, colour: str, language: str) -> list[str]:
    """A noun with its article and a colour: ``the red house``, every right way, the usual first."""
    place = LANGUAGES.index(language)
    one, _, gender = NOUNS[noun][place]
    stem, french, spanish = COLOURS[colour]
    if language == "German":
        article, name = one.split()
        return [f"{article} {stem}e {name}"]
    adjective = (french if language == "French" else spanish)[gender == "f"]
    return [f"{form} {adjective}" for form in _forms(one)]


def _forms(words: str) -> list[str]:
    return [words, _ALSO[words]] if words in _ALSO else [words]


def sentences(subject: str, verb: str, number: str, noun: str, language: str) -> list[str]:
    """``the king sees three houses`` in another language, every right way, the usual first."""
    place = LANGUAGES.index(language) + 1
    count = NUMBERS[number][place - 1]
    things = [f"{count} {many}" for many in _forms(NOUNS[noun][place - 1][1])]
    return [
        f"{' '.join(words)}."
        for words in product(SUBJECTS[subject][place], VERBS[verb][place], things)
    ]


def english_sentences(subject: str, verb: str, number: str, noun: str) -> list[str]:
    """The same in English."""
    return [
        f"{who} {does} {number} {noun}s."
        for who, does in product((subject, *SUBJECTS[subject][0]), (verb, *VERBS[verb][0]))
    ]
