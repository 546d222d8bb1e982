"""JSON that stands in a string, in fragments that are cut anywhere: its strings and numbers replaced. Pure.

Arguments of a call arrive as ``{"loc``, ``ation": "Rey``, ``kjavík"}``, escaped once more because they stand in a
string themselves. Names of members and the structure stay, so that what the fragments fold into is still the same
object. Every fragment comes back as long as it was.
"""

import re
from itertools import cycle

from sserec.redaction.masking import FILLER, alike

UNIT = re.compile(r"\\u[0-9a-fA-F]{4}|\\.?|.", re.DOTALL)
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
LITERALS = ("true", "false", "null")
ESCAPED_DIGITS = 4
WORD_CHARS = 8
"""Of a word between strings: the longest literal has five."""


class Arguments:
    """One JSON text that comes in pieces."""

    def __init__(self) -> None:
        self._open: list[str] = []
        """The brackets that are open."""
        self._in_string = False
        self._is_name = False
        """Whether the string that is open, or the next one, is the name of a member."""
        self._kept = 0
        """How many characters of an escape are still to come."""
        self._word = ""
        self._filler = cycle(FILLER)

    def feed(self, fragment: str) -> str:
        """The fragment with everything replaced that says something."""
        return UNIT.sub(lambda unit: self._unit(unit[0]), fragment)

    def _unit(self, unit: str) -> str:
        """One character, as it is escaped in the string around it."""
        character = read(unit)
        replaced = self._inside(character) if self._in_string else self._outside(character)
        if replaced == character:
            return unit
        if len(unit) == 6:
            return "\\u" + alike(ord(character), replaced)
        return replaced if len(unit) == 1 else unit

    def _inside(self, character: str) -> str:
        """A character of a string."""
        if self._kept:
            self._kept -= 1
            if self._kept == ESCAPED_DIGITS and character != "u":
                self._kept = 0
                return character
            return character if self._kept == ESCAPED_DIGITS or self._is_name else "0078"[3 - self._kept]
        if character == "\\":
            self._kept = ESCAPED_DIGITS + 1
            return character
        if character == '"':
            self._in_string = False
            return character
        return character if self._is_name else next(self._filler)

    def _outside(self, character: str) -> str:
        """A character between strings."""
        if character == '"':
            self._in_string = True
        elif character in "{[":
            self._open.append(character)
            self._is_name = character == "{"
        elif character in "}]":
            del self._open[-1:]
            self._is_name = False
        elif character in ",:":
            self._is_name = character == "," and self._open[-1:] == ["{"]
        elif not character.isspace():
            return self._bare(character)
        self._word = ""
        return character

    def _bare(self, character: str) -> str:
        """A character of a number or of a literal; of anything else nothing stays."""
        self._word = (self._word + character)[:WORD_CHARS]
        if character in "0123456789":
            return "1"
        is_literal = any(word.startswith(self._word) for word in LITERALS)
        return character if is_literal or (character in "+-.eE" and self._word[:1] in "-0123456789") else "x"


def read(unit: str) -> str:
    """What an escape stands for."""
    if len(unit) == 6:
        return chr(int(unit[2:], 16))
    return LETTERS.get(unit[1:], unit[1:] or unit) if unit.startswith("\\") else unit
