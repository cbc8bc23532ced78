"""A mapping of a YAML file that is read key by key, where each refusal says file, line and reason (PyYAML)."""

from typing import Any

from llmcourse.study.text import to_html
from llmcourse.study.yaml_lines import Document


class Fields:
    """What stands at ``place`` in a document: keys with values. Every method but ``error`` raises FileError."""

    def __init__(self, document: Document, value: Any, place: tuple[str | int, ...]) -> None:
        self.document, self.place = document, place
        if not isinstance(value, dict):
            raise document.error(f"keys with values are needed here, got {value!r}", *place)
        self.value = value

    def error(self, reason: str, *key: str | int) -> ValueError:
        """What to raise about the value under ``key``, or about the whole."""
        return self.document.error(reason, *self.place, *key)

    def only(self, *keys: str) -> None:
        """Refuse a key that is not among these: a misspelled one would be ignored."""
        for key in self.value:
            if key not in keys:
                raise self.error(f"the key {key!r} is unknown here; there are {', '.join(keys)}", key)

    def need(self, key: str, kind: type | tuple[type, ...], name: str) -> Any:
        """The value of a key that must be there and of this type. True and False are no numbers."""
        if key not in self.value:
            raise self.error(f"the key {key!r} is missing")
        value = self.value[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self.error(f"{key!r} must be {name}, got {value!r}", key)
        return value

    def string(self, key: str, shortest: int = 1) -> str:
        """A text without blanks around it."""
        text = self.need(key, str, "a text").strip()
        if len(text) < shortest:
            raise self.error(f"{key!r} needs at least {shortest} letters, got {text!r}", key)
        return text

    def markdown(self, key: str, shortest: int = 1) -> str:
        """A text that ``to_html`` can show."""
        text = self.string(key, shortest)
        try:
            for math in ("tex", "mathml"):
                to_html(text, math)
        except ValueError as error:
            raise self.error(str(error), key) from None
        return text

    def number(self, key: str) -> float:
        """A finite number."""
        value = float(self.need(key, (int, float), "a number"))
        if value - value != 0:  # infinite, or none at all
            raise self.error(f"{key!r} must be a finite number, got {value}", key)
        return value

    def entries(self, key: str, fewest: int = 1) -> list[Any]:
        """A list that is long enough."""
        values = self.need(key, list, "a list")
        if len(values) < fewest:
            raise self.error(f"{key!r} needs at least {fewest}, got {len(values)}", key)
        return values

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of texts, at least one, without blanks around them."""
        values = self.entries(key)
        for i, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                raise self.error(f"an entry of {key!r} must be a text, got {value!r}", key, i)
        return tuple(value.strip() for value in values)

    def parts(self, key: str, fewest: int = 1) -> list["Fields"]:
        """A list of mappings."""
        values = self.entries(key, fewest)
        return [Fields(self.document, value, (*self.place, key, i)) for i, value in enumerate(values)]

    def part(self, key: str) -> "Fields":
        """A mapping inside this one."""
        return Fields(self.document, self.need(key, dict, "keys with values"), (*self.place, key))
