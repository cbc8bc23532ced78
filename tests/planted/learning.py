"""Batches, schedules, AdamW, the training loop and its checkpoints, several workers, saved models, bits per byte."""

from tests.planted import Mutant

SOURCE = "src/llmcourse/learning"
UNIT = "tests/unit/learning"
ORACLES = "tests/oracles/test_learning_oracles.py"
SAVED, SAVED_UNIT = "src/llmcourse/transformer/saved.py", "tests/unit/transformer/test_saved.py"
LIKELIHOOD, LIKELIHOOD_UNIT = "src/llmcourse/evaluation/likelihood.py", "tests/unit/evaluation/test_likelihood.py"
BATCHES, BATCHES_UNIT = f"{SOURCE}/batches.py", f"{UNIT}/test_batches.py"
TRAIN, TRAIN_UNIT = f"{SOURCE}/train.py", f"{UNIT}/test_train.py"
WHOLE = "src/llmcourse/files.py"
CHECKPOINT = f"{SOURCE}/checkpoint.py"
PARALLEL, PARALLEL_UNIT = f"{SOURCE}/parallel.py", f"{UNIT}/test_parallel.py"
METRICS, METRICS_UNIT = f"{SOURCE}/metrics.py", f"{UNIT}/test_metrics.py"

MUTANTS = (
    # batches
    Mutant(BATCHES, "np.random.default_rng([seed, epoch])", "np.random.default_rng(seed)", BATCHES_UNIT),
    Mutant(BATCHES, "rng.permutation(count)", "rng.integers(count, size=count)", BATCHES_UNIT),
    Mutant(BATCHES, "step * self.batch + i", "step + i", BATCHES_UNIT),
    Mutant(BATCHES, "range(part, self.batch, parts)", "range(self.batch // parts)", BATCHES_UNIT),
    Mutant(BATCHES, "start : start + self.length + 1", "start : start + self.length", BATCHES_UNIT),
    Mutant(BATCHES, 'mmap_mode="r", allow_pickle=False', "allow_pickle=True", BATCHES_UNIT),
    Mutant(BATCHES, ">= vocab:\n        raise", "> vocab:\n        raise", BATCHES_UNIT),
    # schedules and AdamW
    Mutant(f"{SOURCE}/schedules.py", "(step - warmup) / (steps - warmup)", "step / steps", ORACLES),
    Mutant(f"{SOURCE}/schedules.py", "final + (1 - final) * 0.5", "max(final, 0.5)", f"{UNIT}/test_schedules.py"),
    Mutant(f"{SOURCE}/schedules.py", "min(1.0, left / decay)", "min(1.0, left / steps)", f"{UNIT}/test_schedules.py"),
    Mutant(f"{SOURCE}/optim.py", "t = state.step + 1", "t = state.step + 2", ORACLES),
    Mutant(f"{SOURCE}/optim.py", "rate * weight_decay * parameter", "weight_decay * parameter", ORACLES),
    Mutant(f"{SOURCE}/optim.py", "(np.sqrt(unbiased_square) + eps)", "np.sqrt(unbiased_square + eps)", ORACLES),
    Mutant(f"{SOURCE}/optim.py", "p.requires_grad and p.ndim > 1]", "p.requires_grad]", f"{UNIT}/test_optim.py"),
    # the loop
    Mutant(TRAIN, "* len(piece) / len(mine)", "* 1.0", TRAIN_UNIT),
    Mutant(TRAIN, "recipe.clip or float", "float", f"{TRAIN_UNIT} -k clipping"),
    Mutant(TRAIN, '    optimizer.zero_grad()\n', "", f"{TRAIN_UNIT} {ORACLES}"),
    Mutant(TRAIN, "between_steps = False  #", "between_steps = True  #", f"{TRAIN_UNIT} -k middle_of_a_step"),
    Mutant(TRAIN, "done = saved  #", "pass  #", f"{TRAIN_UNIT} -k divergence"),
    Mutant(TRAIN, "next_token_loss(logits, piece[:, 1:])", "next_token_loss(logits, piece[:, :-1])", TRAIN_UNIT),
    Mutant(TRAIN, "logits.float().flatten", "logits.flatten", TRAIN_UNIT),
    Mutant(TRAIN, "total += next_token_loss(model(piece[:, :-1]), piece[:, 1:]).item() * len(rows)",
           "total += next_token_loss(model(piece[:, :-1]), piece[:, 1:]).item() * batch", TRAIN_UNIT),
    # what is kept on the disk
    Mutant(CHECKPOINT, 'state.setdefault(parameter, {})[key] = tensor',
           'state.setdefault(parameter, {})[key] = tensor * 0', TRAIN_UNIT),
    Mutant(CHECKPOINT, 'and name != "micro_batch"', 'and name == "steps"', TRAIN_UNIT),
    Mutant(CHECKPOINT, "    _check_shapes(path, weights, model)\n", "", TRAIN_UNIT),
    Mutant(METRICS, 'if record["step"] < step]', 'if record["step"] <= step]', METRICS_UNIT),
    Mutant(METRICS, "            self.file.flush()\n", "", METRICS_UNIT),
    Mutant(METRICS, "for line in lines[:-1]", "for line in lines if line", METRICS_UNIT),
    Mutant(WHOLE, "os.replace(part, path)", "path.write_bytes(part.read_bytes()[:-1])", SAVED_UNIT),
    Mutant(WHOLE, "part = Path(scratch) / path.name", "part = path", f"{SAVED_UNIT} {TRAIN_UNIT}"),
    Mutant(SAVED, "p.detach().to(dtype)", "p.detach()", SAVED_UNIT),
    # several workers
    Mutant(PARALLEL, "value.item() / self.count", "value.item()", PARALLEL_UNIT),
    Mutant(PARALLEL, "with model.no_sync():", "if True:", f"{PARALLEL_UNIT} -k exchanged"),
    Mutant(PARALLEL, "set_requires_gradient_sync(now)", "set_requires_gradient_sync(False)", PARALLEL_UNIT),
    Mutant(PARALLEL, '"gloo/transport" not in str(error)', '"gloo" in str(error)', f"{PARALLEL_UNIT} -k killed"),
    Mutant(CHECKPOINT, "options=_FOR_ALL)\n    state", "options=_FOR_THE_FIRST)\n    state", PARALLEL_UNIT),
    # how well a text is predicted
    Mutant(LIKELIHOOD, "windows)[:, -stride:]", "windows)[:, :stride]", LIKELIHOOD_UNIT),
    Mutant(LIKELIHOOD, "row[end - context - 1 : end]", "row[end - context : end]", LIKELIHOOD_UNIT),
    Mutant(LIKELIHOOD, "[0, -last:]", "[0, :last]", LIKELIHOOD_UNIT),
)  # fmt: skip
