r"""Talking with a model: turns of a conversation in its own format, and the answer as it is written (torch).

To the model a conversation is one text. SmolLM2 was trained on ChatML, where each turn is

    <|im_start|>role\ncontent<|im_end|>\n

and the answer is what it writes after ``<|im_start|>assistant\n``, until it says ``<|im_end|>``.
"""

import codecs
from collections.abc import Iterator, Mapping, Sequence

from llmcourse.inference.generate import Choose, generate
from llmcourse.inference.stopping import until
from llmcourse.language.bpe import Tokenizer
from llmcourse.transformer.checkpoint import LoadedModel
from llmcourse.transformer.kv_cache import KVCache

__all__ = ["CHATML", "Message", "chat", "conversation_tokens", "text_stream"]

Message = Mapping[str, str]  # {"role": "user", "content": "Hello!"}

ROLES = ("system", "user", "assistant")
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"  # where a conversation has no other

# The template in the file of SmolLM2-135M-Instruct, in Jinja's language. ``conversation_tokens`` does what it says.
CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    f"{{{{ '<|im_start|>system\n{SYSTEM}<|im_end|>\n' }}}}{{% endif %}}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def conversation_tokens(tokenizer: Tokenizer, messages: Sequence[Message]) -> list[int]:
    """Tokens of a conversation in ChatML, up to the place where the answer begins.

    Only the marks of turns are special tokens. A message that contains ``<|im_end|>`` spells it out as ordinary
    characters, so that nobody can end a turn, or speak in another role, from inside a message.

    Raises:  ValueError for an unknown role, no message, or a conversation whose last word is the assistant's.
    """
    if not messages:
        raise ValueError("a conversation needs at least one message")
    for message in messages:
        if message["role"] not in ROLES:
            raise ValueError(f"the role of a message must be one of {', '.join(ROLES)}, got {message['role']!r}")
    if messages[-1]["role"] == "assistant":
        raise ValueError("the last message is the assistant's; there is nothing to answer")
    if messages[0]["role"] != "system":
        messages = [{"role": "system", "content": SYSTEM}, *messages]
    begin, end = tokenizer.special["<|im_start|>"], tokenizer.special["<|im_end|>"]
    tokens = []
    for message in messages:
        tokens += [begin, *tokenizer.encode(f"{message['role']}\n{message['content']}"), end, *tokenizer.encode("\n")]
    return [*tokens, begin, *tokenizer.encode("assistant\n")]


def chat(
    loaded: LoadedModel,
    messages: Sequence[Message],
    *,
    choose: Choose,
    max_new: int = 256,
    strings: Sequence[str] = (),
    cache: KVCache | None = None,
) -> Iterator[str]:
    """The assistant's answer to the last message, piece by piece as it is written, up to one of ``strings``.

    Each piece is whole characters. The model remembers nothing: to go on, append the answer and the next question to
    ``messages`` and ask again.

    Raises:  ValueError for another chat template than SmolLM2's, and as ``conversation_tokens`` and ``generate``, if
             the conversation has grown beyond the context, for example.
    """
    if loaded.chat_template != CHATML:
        raise ValueError(
            f"{loaded.path} has another chat template than SmolLM2's: {loaded.chat_template[:60]!r}; "
            "put the conversation into its format and use generate"
        )
    tokens = conversation_tokens(loaded.tokenizer, messages)
    answer = generate(loaded.model, tokens, choose=choose, max_new=max_new, stop=loaded.stop, cache=cache)
    return until(text_stream(loaded.tokenizer, answer), strings)


def text_stream(tokenizer: Tokenizer, tokens: Iterator[int]) -> Iterator[str]:
    """The text of a stream of tokens, each piece as soon as its characters are whole.

    A token is bytes, and may hold a part of a character: "😀" is four bytes and often two or more tokens. The first of
    them waits for the others. Bytes that are no UTF-8 at all become U+FFFD, as in ``decode``.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for token in tokens:
        if piece := decoder.decode(tokenizer.decode_bytes([token])):
            yield piece
    if rest := decoder.decode(b"", final=True):
        yield rest
