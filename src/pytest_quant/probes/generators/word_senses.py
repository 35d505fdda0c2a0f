"""Words of two meanings, with sentences that fix which one is meant."""

from __future__ import annotations

# word -> meaning -> hints; no hint contains a meaning that it could be confused with.
WORD_SENSES: dict[str, dict[str, list[str]]] = {
    "bat": {
        "animal": ["It flew out of a cave.", "It slept upside down.", "It spread its wings.",
                   "It ate a moth."],
        "club": ["It was made of wood and hit the ball.", "The player swung it.",
                 "It broke when the ball hit it.", "The team bought it for the next game."],
    },
    "bank": {
        "shore": ["Grass and mud lay beside the water.", "A boat was tied up there.",
                  "The river washed part of it away.", "Ducks rested on it."],
        "office": ["It lends money.", "It closes at four and keeps savings.",
                   "A guard stood beside the counter.", "It has a safe full of gold."],
    },
    "crane": {
        "bird": ["It had long legs and ate a frog.", "It built a nest.", "It flew south.",
                 "Its feathers were white."],
        "machine": ["It lifted steel beams.", "The driver switched it off.",
                    "It stood on the building site.", "It needs more oil."],
    },
    "mouse": {
        "animal": ["It ate the cheese.", "The cat caught it.", "It ran into a hole.",
                   "Its tail was long."],
        "device": ["Its cable was too short.", "It has two buttons.",
                   "It lay beside the keyboard.", "Its battery was empty."],
    },
    "seal": {
        "animal": ["It swam under the ice.", "It ate a fish.", "It barked on a rock.",
                   "It dived into the sea."],
        "stamp": ["It was pressed into hot wax.", "It closed the envelope.",
                  "The king kept it in a box.", "It showed the arms of the town."],
    },
    "ring": {
        "jewel": ["It was made of gold.", "It did not fit the finger.", "It held a diamond.",
                  "The bride lost it."],
        "sound": ["It came from the phone.", "It was too loud.", "It woke the baby.",
                  "It stopped when the phone was picked up."],
    },
    "match": {
        "game": ["It ended two to one.", "The home team won.", "The fans sang all along.",
                 "It was played in the rain."],
        "stick": ["It lit the candle.", "It burned down quickly.", "It came from a small box.",
                  "It was too wet to catch fire."],
    },
    "spring": {
        "season": ["It came after a long winter.", "The birds came back.", "The flowers opened.",
                   "It began in March."],
        "coil": ["It was made of steel.", "It jumped out of the pen.", "It holds up the mattress.",
                 "It could be pressed together."],
    },
    "nail": {
        "body part": ["It was painted red.", "It grew too long.", "It was on the left thumb.",
                      "It needed to be cut."],
        "metal pin": ["It held the board.", "The hammer bent it.", "A picture hung on it.",
                      "It was driven into the wall."],
    },
    "trunk": {
        "nose": ["The elephant raised it.", "It sprayed water.", "It picked up a peanut.",
                 "The elephant drank with it."],
        "chest": ["It was packed with clothes.", "Its lid had a lock.",
                  "It stood in the attic.", "It was loaded onto the ship."],
    },
    "bow": {
        "weapon": ["It shot an arrow.", "The hunter carried it.", "Its string broke.",
                   "The arrow would not fly far."],
        "ribbon": ["It was tied in her hair.", "It was on the gift.", "It was made of silk.",
                   "It came undone on the shoe."],
    },
    "date": {
        "fruit": ["It was sweet and sticky.", "It had a stone inside.", "It grew on a palm.",
                  "It was dried and eaten."],
        "day": ["It was in the calendar.", "It fell in May.", "It was printed on the ticket.",
                "It was moved by a week."],
    },
    "letter": {
        "message": ["It came in an envelope.", "It was mailed in May.", "It was two pages long.",
                    "It was signed by a friend."],
        "sign": ["It was a capital B.", "It comes after C.", "It was missing from the word.",
                 "It is a vowel."],
    },
    "palm": {
        "tree": ["It grew on the beach.", "A coconut fell from it.", "Its leaves were green.",
                 "It gave some shade."],
        "hand part": ["It was sweaty.", "A coin lay in it.", "Its lines were read.",
                      "It was burned by the hot pan."],
    },
    "pupil": {
        "student": ["The teacher praised her.", "The homework was done.", "The first lesson began.",
                    "The test went well."],
        "eye part": ["It grew wide in the dark.", "It was a small black circle.",
                     "Bright light made it shrink.", "The doctor shone a light into it."],
    },
    "wave": {
        "greeting": ["It was friendly.", "It came from the window of a train.",
                     "Nobody returned it.", "It was meant for a friend."],
        "water": ["It broke on the beach.", "A surfer rode it.", "It hit the ship.",
                  "It was six feet high."],
    },
    "bark": {
        "noise": ["It came from the dog.", "It scared the cat.", "It was heard all night.",
                  "It was loud."],
        "wood skin": ["It was peeled off the tree.", "It was brown and rough.",
                      "Beetles lived under it.", "It covered the trunk."],
    },
    "star": {
        "actor": ["She signed her name.", "The film made him rich.", "The fans cheered.",
                  "She won a prize on stage."],
        "sun": ["It is very far away.", "It shone at night.", "It was seen through a telescope.",
                "It will burn for ages."],
    },
}  # fmt: skip
