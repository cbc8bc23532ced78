"""A small evaluation harness: a task is data, a prompt and a scorer; a result has error bars (numpy).

    items ──prompt──▶ Request ──model──▶ Reply ──scorer──▶ Outcome ──▶ Result: accuracy, interval, probabilities

What a model is asked, a ``Request``, is either *which of these continuations* (their log-likelihoods are read off) or
*go on from here* (it writes). What it replies is stored in a file, one JSON object a line, under a hash of model and
request: a run that was interrupted goes on where it stopped, and another scorer of the same replies asks nothing again.
The scorer, its normalization included, is part of the task: "accuracy" without it is not a number.
"""

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from llmcourse.evaluation.intervals import Interval, wilson
from llmcourse.evaluation.questions import Question
from llmcourse.language.softmax import softmax
from llmcourse.shapes import Array, Float, Integer

__all__ = ["Model", "Outcome", "Reply", "Request", "Result", "Scorer", "Store", "Task", "exact", "likelihood", "run"]


@dataclass(frozen=True)
class Request:
    """What a model is asked: the log-likelihoods of ``continuations`` after ``context``; without any, to write."""

    context: str
    continuations: tuple[str, ...] = ()
    max_new: int = 0  # tokens to write, if there are no continuations
    chat: bool = False  # the context is a user's message, put into the model's chat format


@dataclass(frozen=True)
class Reply:
    """For each continuation its log-likelihood in nats, and its tokens; or the text that was written.

    Raises:  ValueError for a log-likelihood that is not finite or is above 0, fewer than one token, or lengths that
             differ.
    """

    logp: tuple[float, ...] = ()
    tokens: tuple[int, ...] = ()
    text: str = ""

    def __post_init__(self) -> None:
        if len(self.logp) != len(self.tokens):
            raise ValueError(f"{len(self.logp)} log-likelihoods, but {len(self.tokens)} numbers of tokens")
        for i, (logp, tokens) in enumerate(zip(self.logp, self.tokens, strict=True)):
            if not -math.inf < logp <= 1e-6:  # a rounding above 0 is forgiven, NaN is not
                raise ValueError(f"the log-likelihood of continuation {i} must be finite and at most 0, got {logp}")
            if tokens < 1:
                raise ValueError(f"continuation {i} must have at least 1 token, got {tokens}")


@runtime_checkable
class Model(Protocol):
    """Anything that replies to requests."""

    name: str  # names the weights as well: equal names must mean equal replies

    def reply(self, request: Request) -> Reply:
        """The reply, the same for the same request."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a scorer makes of a reply: the choice that was picked, whether it is right, the scores of all."""

    right: bool
    picked: int = -1  # -1: no choice, but a text
    scores: tuple[float, ...] = ()


Scorer = Callable[[Question, Request, Reply], Outcome]


@dataclass(frozen=True)
class Task:
    """Data, a prompt and a scorer."""

    name: str
    items: Sequence[Question]
    prompt: Callable[[Question], Request]
    scorer: Scorer


@dataclass(frozen=True)
class Result:
    """The outcomes of a task, in the order of its items."""

    task: Task
    model: str
    outcomes: tuple[Outcome, ...]

    @property
    def right(self) -> Integer[Array, " N"]:
        """1 for each item that was answered rightly, else 0."""
        return np.array([int(outcome.right) for outcome in self.outcomes])

    @property
    def accuracy(self) -> float:
        """Share of right answers."""
        return float(self.right.mean())

    def interval(self, *, level: float = 0.95) -> Interval:
        """Wilson's interval of the accuracy, as if the items had been drawn one by one."""
        return wilson(int(self.right.sum()), self.right.size, level=level)

    @property
    def scores(self) -> Float[Array, "N V"]:
        """The scores of each item's choices; raises ValueError for a task without choices, or of unequal numbers."""
        counts = {len(outcome.scores) for outcome in self.outcomes}
        if len(counts) != 1 or counts == {0}:
            raise ValueError(f"there is no table of scores: the items have {sorted(counts)} choices")
        return np.array([outcome.scores for outcome in self.outcomes])

    @property
    def probabilities(self) -> Float[Array, "N V"]:
        """The scores as probabilities over the choices, by a softmax: what the model would bet if it had to choose."""
        return softmax(self.scores)


def likelihood(per: str = "sum") -> Scorer:
    r"""Picks the choice of the highest log-likelihood: the ``sum`` over its tokens, or that divided by its length.

    ``per="token"`` divides by the number of tokens, which depends on the tokenizer; ``per="byte"`` by the bytes of the
    choice without the space before it. For ASCII text the last is what lm-evaluation-harness calls ``acc_norm`` (which
    counts characters), and the sum is its ``acc``. Of equal scores the first is picked, as by ``argmax``.

    Raises:  ValueError for another ``per``; the scorer raises it for a request without continuations.
    Source:  Gao et al. (2021), "A framework for few-shot language model evaluation"; Brown et al. (2020), section 2.4,
             for the division by tokens. {cite}`gao2021harness,brown2020`
    """
    if per not in ("sum", "token", "byte"):
        raise ValueError(f"per must be 'sum', 'token' or 'byte', got {per!r}")

    def score(question: Question, request: Request, reply: Reply) -> Outcome:
        if not reply.logp:
            raise ValueError(f"{question.id}: the request has 0 continuations, so there is nothing to compare")
        sizes = {
            "sum": [1] * len(reply.logp),
            "token": list(reply.tokens),
            "byte": [len(c.strip().encode()) for c in request.continuations],
        }[per]
        scores = tuple(logp / size for logp, size in zip(reply.logp, sizes, strict=True))
        picked = int(np.argmax(scores))
        return Outcome(right=picked == question.answer, picked=picked, scores=scores)

    return score


def exact(normalize: Callable[[str], str] = lambda text: text.strip().rstrip(".").casefold()) -> Scorer:
    """Right if the text that was written equals the right choice, both after ``normalize``."""

    def score(question: Question, request: Request, reply: Reply) -> Outcome:
        return Outcome(right=normalize(reply.text) == normalize(question.right))

    return score


class Store:
    """Replies in a file of JSON lines, appended one by one; one that a kill cut short is dropped at the next start.

    Raises:  ValueError that names the line, for one that holds no reply. The folder is made if there is none.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._replies: dict[str, Reply] = {}
        self.path.parent.mkdir(parents=True, exist_ok=True)  # now, rather than after the first dear reply
        if not self.path.exists():
            return
        data = self.path.read_bytes()
        whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[:whole].split(b"\n")[:-1], 1):
            try:
                entry = json.loads(line)
                reply = entry["reply"]
                self._replies[entry["key"]] = Reply(tuple(reply["logp"]), tuple(reply["tokens"]), reply["text"])
            except (ValueError, KeyError, TypeError) as error:
                place = f"{self.path}, line {number}"
                raise ValueError(f"{place}: no reply ({error!r}); delete the line, and it is asked again") from error
        if whole < len(data):
            with open(self.path, "r+b") as file:
                file.truncate(whole)

    def __len__(self) -> int:
        return len(self._replies)

    @staticmethod
    def key(model: str, request: Request) -> str:
        """A hash of all that the reply depends on."""
        return hashlib.sha256(json.dumps([model, asdict(request)]).encode()).hexdigest()[:24]

    def reply(self, model: Model, request: Request) -> Reply:
        """The stored reply, or the model's, which is then stored.

        Raises:  ValueError for a reply with another number of log-likelihoods than the request has continuations.
        """
        key = self.key(model.name, request)
        if key not in self._replies:
            self._replies[key] = reply = _asked(model, request)
            line = json.dumps({"key": key, "reply": asdict(reply)}) + "\n"
            with open(self.path, "ab") as file:
                file.write(line.encode())
        return self._replies[key]


def run(task: Task, model: Model, *, store: Store | None = None) -> Result:
    """The result of a task: each item is asked, unless ``store`` holds the reply already.

    Raises:  ValueError for a task without items or a reply that does not fit its request, and as the task's prompt and
             scorer and the model do.
    """
    if not task.items:
        raise ValueError(f"the task {task.name!r} has 0 items")
    return Result(task, model.name, tuple(_outcomes(task, model, store)))


def _outcomes(task: Task, model: Model, store: Store | None) -> Iterable[Outcome]:
    for item in task.items:
        request = task.prompt(item)
        yield task.scorer(item, request, _asked(model, request) if store is None else store.reply(model, request))


def _asked(model: Model, request: Request) -> Reply:
    reply = model.reply(request)
    given, wanted = len(reply.logp), len(request.continuations)
    if given != wanted:
        raise ValueError(f"{model.name} gave {given} log-likelihoods for {wanted} continuations; give each its own")
    return reply
