"""Closed tables of plain facts that core families ask about: small enough to be known by heart."""

from __future__ import annotations

# Without those whose symbol is an everyday word (He, I, In, As, At, Be, No).
SYMBOLS: dict[str, str] = {
    "hydrogen": "H", "lithium": "Li", "boron": "B", "carbon": "C", "nitrogen": "N",
    "oxygen": "O", "fluorine": "F", "neon": "Ne", "sodium": "Na", "magnesium": "Mg",
    "aluminium": "Al", "silicon": "Si", "phosphorus": "P", "sulfur": "S", "chlorine": "Cl",
    "argon": "Ar", "potassium": "K", "calcium": "Ca", "titanium": "Ti", "chromium": "Cr",
    "manganese": "Mn", "iron": "Fe", "cobalt": "Co", "nickel": "Ni", "copper": "Cu",
    "zinc": "Zn", "bromine": "Br", "silver": "Ag", "tin": "Sn", "tungsten": "W",
    "platinum": "Pt", "gold": "Au", "mercury": "Hg", "lead": "Pb", "uranium": "U",
}  # fmt: skip

# Each word with its opposite, and one more word that is as right.
OPPOSITES: dict[str, tuple[str, str]] = {
    "hot": ("cold", "cool"), "cold": ("hot", "warm"), "big": ("small", "little"),
    "small": ("big", "large"), "old": ("young", "new"), "young": ("old", "aged"),
    "fast": ("slow", "sluggish"), "slow": ("fast", "quick"), "high": ("low", "low"),
    "low": ("high", "tall"), "rich": ("poor", "needy"), "poor": ("rich", "wealthy"),
    "wet": ("dry", "arid"), "dry": ("wet", "damp"), "full": ("empty", "vacant"),
    "empty": ("full", "filled"), "hard": ("soft", "easy"), "soft": ("hard", "firm"),
    "strong": ("weak", "feeble"), "weak": ("strong", "powerful"), "loud": ("quiet", "silent"),
    "quiet": ("loud", "noisy"), "dark": ("light", "bright"), "thick": ("thin", "slim"),
    "thin": ("thick", "fat"), "wide": ("narrow", "tight"), "narrow": ("wide", "broad"),
    "clean": ("dirty", "filthy"), "dirty": ("clean", "spotless"), "open": ("closed", "shut"),
    "closed": ("open", "opened"), "early": ("late", "tardy"), "late": ("early", "prompt"),
    "happy": ("sad", "unhappy"), "sad": ("happy", "cheerful"), "brave": ("afraid", "cowardly"),
    "first": ("last", "final"), "last": ("first", "initial"), "true": ("false", "untrue"),
    "false": ("true", "true"), "up": ("down", "downward"), "down": ("up", "upward"),
    "left": ("right", "right"), "inside": ("outside", "outdoors"),
    "outside": ("inside", "indoors"), "near": ("far", "distant"), "far": ("near", "close"),
    "day": ("night", "nighttime"), "night": ("day", "daytime"), "begin": ("end", "finish"),
    "buy": ("sell", "sell"), "sell": ("buy", "purchase"), "win": ("lose", "lose"),
    "lose": ("win", "find"), "push": ("pull", "drag"), "pull": ("push", "shove"),
    "give": ("take", "receive"), "always": ("never", "never"), "friend": ("enemy", "foe"),
    "enemy": ("friend", "ally"), "smooth": ("rough", "bumpy"), "rough": ("smooth", "smooth"),
}  # fmt: skip

ANIMALS: dict[str, list[str]] = {
    "mammal": ["dog", "cat", "horse", "cow", "whale", "dolphin", "bat", "mouse", "lion", "rabbit"],
    "bird": ["eagle", "owl", "duck", "penguin", "parrot", "robin", "swan", "crow", "goose", "hen"],
    "fish": ["salmon", "shark", "tuna", "trout", "cod", "carp", "herring", "pike", "sardine",
             "eel"],
    "reptile": ["snake", "lizard", "turtle", "crocodile", "gecko", "iguana", "tortoise", "python",
                "viper", "cobra"],
    "amphibian": ["frog", "toad", "newt", "salamander", "tree frog", "bullfrog", "axolotl",
                  "caecilian"],
    "insect": ["ant", "bee", "beetle", "butterfly", "moth", "wasp", "cricket", "mosquito", "flea",
               "ladybird"],
}  # fmt: skip

# Continent -> country -> capital.
COUNTRIES: dict[str, dict[str, str]] = {
    "Africa": {"Egypt": "Cairo", "Kenya": "Nairobi", "Ghana": "Accra", "Morocco": "Rabat",
               "Algeria": "Algiers", "Tunisia": "Tunis", "Senegal": "Dakar",
               "Uganda": "Kampala", "Ethiopia": "Addis Ababa", "Zambia": "Lusaka"},
    "Asia": {"China": "Beijing", "India": "New Delhi", "Iran": "Tehran", "Japan": "Tokyo",
             "Thailand": "Bangkok", "Vietnam": "Hanoi", "Nepal": "Kathmandu", "Iraq": "Baghdad",
             "Mongolia": "Ulaanbaatar", "Malaysia": "Kuala Lumpur"},
    "Europe": {"France": "Paris", "Germany": "Berlin", "Italy": "Rome", "Spain": "Madrid",
               "Poland": "Warsaw", "Norway": "Oslo", "Sweden": "Stockholm", "Greece": "Athens",
               "Austria": "Vienna", "Ireland": "Dublin"},
    "North America": {"Canada": "Ottawa", "Cuba": "Havana", "Mexico": "Mexico City",
                      "Jamaica": "Kingston", "Haiti": "Port-au-Prince", "Honduras": "Tegucigalpa",
                      "Nicaragua": "Managua", "Costa Rica": "San Jose", "Belize": "Belmopan"},
    "South America": {"Argentina": "Buenos Aires", "Brazil": "Brasilia", "Chile": "Santiago",
                      "Peru": "Lima", "Ecuador": "Quito", "Uruguay": "Montevideo",
                      "Venezuela": "Caracas", "Colombia": "Bogota", "Paraguay": "Asuncion"},
}  # fmt: skip

# What more and less of something is called, and things from least to most; neighbours are far
# enough apart that nobody would dispute their order.
SCALES: list[tuple[str, str, list[str]]] = [
    ("heavier", "lighter",
     ["ant", "mouse", "pigeon", "cat", "goat", "horse", "car", "elephant", "whale", "ship"]),
    ("faster", "slower", ["snail", "turtle", "bicycle", "train", "plane", "rocket", "light"]),
    ("taller", "shorter", ["mushroom", "chair", "door", "house", "skyscraper", "mountain"]),
    ("hotter", "colder", ["ice", "bath", "oven", "lava", "sun"]),
    ("longer", "shorter", ["minute", "hour", "day", "week", "month", "year", "century"]),
    ("louder", "quieter", ["whisper", "voice", "drum", "siren", "explosion"]),
]  # fmt: skip

GROUPS: dict[str, list[str]] = {
    "a fruit": ["apple", "pear", "plum", "cherry", "banana", "grape", "peach", "lemon", "mango"],
    "a tool": ["hammer", "saw", "drill", "spade", "wrench", "axe", "rake", "chisel"],
    "an animal": ["tiger", "camel", "zebra", "sheep", "donkey", "monkey", "wolf", "rabbit"],
    "a garment": ["shirt", "coat", "glove", "sock", "scarf", "skirt", "jacket", "sweater"],
    "a vehicle": ["bus", "truck", "tram", "bicycle", "car", "van", "train", "scooter"],
    "a piece of furniture": ["table", "chair", "sofa", "wardrobe", "shelf", "desk", "stool"],
    "a musical instrument": ["violin", "piano", "flute", "guitar", "trumpet", "cello", "harp"],
    "a part of the body": ["knee", "elbow", "shoulder", "ankle", "nose", "ear", "finger"],
    "a colour": ["red", "blue", "green", "yellow", "purple", "brown", "white", "black"],
    "a country": ["France", "Peru", "Japan", "Egypt", "Norway", "Chile", "Kenya", "Poland"],
}  # fmt: skip

WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
