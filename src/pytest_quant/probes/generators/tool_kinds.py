"""Tools that an assistant may be offered, each with a request that it fulfils.

A request names every argument as it has to be given, so that one call is right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """The JSON Schema of an argument, and how a value of it is drawn."""

    schema: Mapping[str, Any]
    draw: Callable[[Random], Any]


def one_of(*values: str, about: str = "") -> Argument:
    """A text of many that are possible."""
    told = {"description": about} if about else {}
    return Argument({"type": "string", **told}, lambda rng: rng.choice(values))


def option(*values: str) -> Argument:
    """One of the texts that are allowed."""
    return Argument({"enum": [*values]}, lambda rng: rng.choice(values))


def whole(low: int, high: int, step: int = 1) -> Argument:
    """A whole number."""
    return Argument({"type": "integer"}, lambda rng: rng.randrange(low, high + 1, step))


def code(letters: str, digits: int) -> Argument:
    """A code such as K-4821."""
    low = 10 ** (digits - 1)
    return Argument({"type": "string"}, lambda rng: f"{letters}-{rng.randrange(low, 10 * low)}")


def _date(rng: Random) -> str:
    return f"20{rng.randint(26, 29)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"


def _time(rng: Random) -> str:
    return f"{rng.randint(6, 22):02}:{rng.choice(('00', '15', '30', '45'))}"


def _amount(rng: Random) -> float:
    return rng.randint(50, 9000) / 4


CITY = one_of("Oslo", "Lima", "Rome", "Cairo", "Quito", "Lyon", "Porto", "Kyoto", "Perth", "Turin")
CURRENCY = one_of("USD", "EUR", "JPY", "CHF", "NOK", "INR", "BRL", about="three letters")
DATE = Argument({"type": "string", "description": "YYYY-MM-DD"}, _date)
TIME = Argument({"type": "string", "description": "HH:MM"}, _time)
AMOUNT = Argument({"type": "number"}, _amount)
PERSON = one_of("Ann", "Boris", "Carla", "Dmitri", "Elena", "Farid", "Grace", "Hugo", "Ines", "Jun")
ROOM = one_of("kitchen", "hall", "office", "bedroom", "cellar", "library", "garage", "studio")
LABEL = one_of("tea", "laundry", "bread", "pasta", "yoga", "rice", "train", "call")
TEXT = one_of(
    "I am late", "Dinner is ready", "The key is under the mat", "See you on Monday",
    "The meeting is over", "Bring the blue folder", "The parcel is here", "Happy birthday",
)  # fmt: skip
TITLE = one_of(
    "Budget review", "Printer broken", "Team lunch", "Door does not close", "Quarterly report",
    "Password reset", "Site visit", "Water in the basement",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A tool, what it is ``about``, and a template of the ``request`` that it fulfils."""

    name: str
    about: str
    request: str
    arguments: Mapping[str, Argument]
    required: Sequence[str] | None = None

    @property
    def offer(self) -> dict[str, Any]:
        """How it is offered to a model."""
        required = [*self.arguments] if self.required is None else [*self.required]
        return {
            "name": self.name,
            "description": self.about,
            "parameters": {
                "type": "object",
                "properties": {name: one.schema for name, one in self.arguments.items()},
                "required": required,
            },
        }

    def ask(self, rng: Random) -> tuple[str, dict[str, Any]]:
        """A request, and the call that fulfils it."""
        values: dict[str, Any] = {}
        for name, argument in self.arguments.items():
            # Nobody travels from a city to the same one.
            taken = [values[other] for other in values if self.arguments[other] is argument]
            values[name] = argument.draw(rng)
            while values[name] in taken:
                values[name] = argument.draw(rng)
        return self.request.format_map(values), call(self.name, values)


def call(name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call as it is expected."""
    return {"name": name, "arguments": dict(arguments)}


def offered(kinds: Sequence[Kind]) -> str:
    """Tools as a prompt shows them: a JSON list with a line for each.

    A probe offers all its cases the same, in one order: what prompts begin with is read once.
    """
    return "[" + ",\n".join(json.dumps(kind.offer) for kind in kinds) + "]"


# Those of a pair are easily taken for each other.
PAIRS: Sequence[tuple[Kind, Kind]] = (
    (
        Kind("get_weather", "Returns the weather forecast of a city.",
             "Get the weather forecast of the next {days} days for {city}.",
             {"city": CITY, "days": whole(2, 10)}),
        Kind("get_air_quality", "Returns how clean the air of a city is.",
             "Find out how clean the air in {city} is.", {"city": CITY}),
    ),
    (
        Kind("set_timer", "Starts a timer that rings after some minutes.",
             "Start a timer of {minutes} minutes with the label '{label}'.",
             {"minutes": whole(2, 90), "label": LABEL}),
        Kind("set_alarm", "Sets an alarm that rings at a time of the day.",
             "Set an alarm for {time} with the label '{label}'.", {"time": TIME, "label": LABEL}),
    ),
    (
        Kind("convert_currency", "Converts an amount of money into another currency.",
             "Convert {amount} {source} into {target}.",
             {"amount": AMOUNT, "source": CURRENCY, "target": CURRENCY}),
        Kind("transfer_money", "Transfers an amount of money to an account.",
             "Transfer {amount} {currency} to the account {account}.",
             {"amount": AMOUNT, "currency": CURRENCY, "account": code("A", 5)}),
    ),
    (
        Kind("send_message", "Sends a short message to the phone of a person.",
             "Send {recipient} the message '{text}' on the phone.",
             {"recipient": PERSON, "text": TEXT}),
        Kind("send_email", "Sends an email to a person.",
             "Write {recipient} an email with the subject '{subject}' and the text '{text}'.",
             {"recipient": PERSON, "subject": TITLE, "text": TEXT}),
    ),
    (
        Kind("find_flights", "Lists the flights between two cities on a day.",
             "Look for flights from {origin} to {destination} on {date}.",
             {"origin": CITY, "destination": CITY, "date": DATE}),
        Kind("find_trains", "Lists the trains between two cities on a day.",
             "Look for trains from {origin} to {destination} on {date}.",
             {"origin": CITY, "destination": CITY, "date": DATE}),
    ),
    (
        Kind("add_event", "Puts an event of some minutes into the calendar.",
             "Put the event '{title}' into the calendar on {date} at {start}, for {minutes} "
             "minutes.",
             {"title": TITLE, "date": DATE, "start": TIME, "minutes": whole(15, 120, 15)}),
        Kind("add_task", "Adds a task with a last day to the list of tasks.",
             "Add the task '{title}' to my tasks, to be done by {due}.",
             {"title": TITLE, "due": DATE}),
    ),
    (
        Kind("book_table", "Books a table in a restaurant.",
             "Book a table for {guests} guests at the restaurant {restaurant} on {date} at {time}.",
             {"restaurant": one_of("Aurora", "Basilico", "Cedro", "Delfino", "Ermitage"),
              "date": DATE, "time": TIME, "guests": whole(2, 12)}),
        Kind("cancel_table", "Cancels a table that was booked.",
             "Cancel the table with the booking {booking}.", {"booking": code("B", 4)}),
    ),
    (
        Kind("set_light", "Sets how bright a room is lit, in percent.",
             "Set the light in the {room} to {percent} percent.",
             {"room": ROOM, "percent": whole(5, 100, 5)}),
        Kind("set_heating", "Sets how warm a room is heated, in degrees.",
             "Heat the {room} to {degrees} degrees.", {"room": ROOM, "degrees": whole(15, 25)}),
    ),
    (
        Kind("track_parcel", "Tells where a parcel is.", "Tell me where the parcel {parcel} is.",
             {"parcel": code("P", 6)}),
        Kind("return_parcel", "Has a parcel sent back, for a reason.",
             "Have the parcel {parcel} sent back for the reason '{reason}'.",
             {"parcel": code("P", 6), "reason": option("damaged", "too late", "wrong size")}),
    ),
    (
        Kind("create_ticket", "Opens a ticket for the support.",
             "Open a support ticket '{title}' of {priority} priority.",
             {"title": TITLE, "priority": option("low", "normal", "high")}),
        Kind("close_ticket", "Closes a ticket of the support.",
             "Close the support ticket {ticket}.", {"ticket": code("T", 4)}),
    ),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.name: kind for pair in PAIRS for kind in pair}
# What none of them does.
ELSE = (
    "Thank you, that was all for today.", "Good morning! How are you?", "What is 12 times 12?",
    "Which of these tools do you like best?", "Write a poem about the sea.",
    "Water the plants in the {room}.", "Draw a picture of {city}.", "Delete the photos of {city}.",
    "Order a taxi to the station of {city}.", "Vacuum the {room}.", "Sell my bicycle to {person}.",
    "Spell the name {person} backwards.", "Tell me a joke about {city}.",
    "Turn down the music in the {room}.", "Say who the mayor of {city} is.",
    "Print the contract for {person}.", "Measure how long the {room} is.",
)  # fmt: skip


def something_else(rng: Random) -> str:
    """A request that no tool fulfils."""
    return rng.choice(ELSE).format(
        room=ROOM.draw(rng), city=CITY.draw(rng), person=PERSON.draw(rng)
    )
