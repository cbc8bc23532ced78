"""The model's file, loading it, packing it, writing and chatting with it."""

from tests.planted import Mutant

SRC, UNIT = "src/llmcourse", "tests/unit"
DATA, GGUF = f"{UNIT}/test_data.py", f"{UNIT}/test_gguf_file.py"
CHECKPOINT, LINEAR = f"{UNIT}/transformer/test_checkpoint.py", f"{UNIT}/transformer/test_linear.py"
GENERATE = f"{UNIT}/inference/test_generate.py"

MUTANTS = (
    Mutant(f"{SRC}/data.py", "    if name in MODELS:\n", "    if False:\n", DATA),
    Mutant(f"{SRC}/data.py", "zipfile.BadZipFile, ", "", DATA),
    Mutant(f"{SRC}/gguf_file.py", "// alignment) * alignment", "// 32) * 32", GGUF),
    Mutant(f"{SRC}/gguf_file.py", "range(axes))[::-1]", "range(axes))", GGUF),
    Mutant(f"{SRC}/gguf_file.py", "target[row : row + len(rows)] = rows", "target[: len(rows)] = rows", GGUF),
    Mutant(f"{SRC}/gguf_file.py", ") > header.size:", ") > 2 * header.size:", GGUF),
    Mutant(f"{SRC}/transformer/checkpoint.py", 'rope_pairs="interleaved"', 'rope_pairs="half"', CHECKPOINT),
    Mutant(f"{SRC}/transformer/checkpoint.py", '"ffn_gate": "ffn.gate"', '"ffn_gate": "ffn.up"', CHECKPOINT),
    Mutant(f"{SRC}/transformer/checkpoint.py", "    if extra:\n", "    if False:\n", CHECKPOINT),
    Mutant(f"{SRC}/transformer/checkpoint.py", "    if rotated != width // heads:\n", "    if False:\n", CHECKPOINT),
    Mutant(f"{SRC}/transformer/checkpoint.py", "float(str(np.float32(x)))", "x", CHECKPOINT),
    Mutant(f"{SRC}/transformer/linear.py", "y.transpose(0, 1).reshape", "y.reshape", LINEAR),
    Mutant(f"{SRC}/transformer/linear.py", "self.start + row // WIDTH", "self.start + row", LINEAR),
    Mutant(f"{SRC}/transformer/linear.py", ":, tokens % WIDTH]", ":, tokens // WIDTH % WIDTH]", LINEAR),
    Mutant(f"{SRC}/transformer/linear.py", '        and getattr(layer, "bias", None) is None\n', "", LINEAR),
    Mutant(
        f"{SRC}/transformer/attention.py",
        "elif 1 < queries < keys:",
        "elif False:",
        f"{UNIT}/transformer/test_attention.py",
    ),
    Mutant(
        f"{SRC}/inference/generate.py",
        "        if token in stop:\n            return\n        yield token\n",
        "        yield token\n        if token in stop:\n            return\n",
        GENERATE,
    ),
    Mutant(f"{SRC}/inference/generate.py", "len(tokens) + max_new - 1  #", "len(tokens) + max_new  #", GENERATE),
    Mutant(
        f"{SRC}/inference/generate.py", "        tokens = [token]  #", "        tokens = [*tokens, token]  #", GENERATE
    ),
    Mutant(f"{SRC}/inference/chat.py", 'if message["role"] not in ROLES', "if False", GENERATE),
    Mutant(
        f"{SRC}/inference/chat.py",
        "{message['role']}\\n{message['content']}\"), end",
        "{message['role']}\\n{message['content']}\", allow_special=True), end",
        GENERATE,
    ),
    Mutant(
        f"{SRC}/inference/chat.py",
        '    if rest := decoder.decode(b"", final=True):\n        yield rest\n',
        "",
        GENERATE,
    ),
)
