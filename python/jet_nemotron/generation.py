"""generate: from transformers' arguments to requests of the engine, and from answers to its results."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _jet, arrays
from .arrays import Criterion, Floats, Ids, Kind, Processor
from .generation_config import Effective
from .outputs import GenerateOutput
from .state import State

EARLY_STOPPING = {False: _jet.EarlyStopping.no, True: _jet.EarlyStopping.yes, "never": _jet.EarlyStopping.never}


@dataclass
class Call:
    """One call of generate, its arguments checked."""

    config: Effective
    kind: Kind
    ids: npt.NDArray[Any]
    """[B, T], padding included."""
    mask: npt.NDArray[Any]
    """[B, T]: 0 where there is padding."""
    processors: Sequence[Processor]
    criteria: Sequence[Criterion]
    streamer: Any
    state: State | None
    seed: int

    @property
    def new_tokens(self) -> int:
        """The most that are chosen."""
        c = self.config
        length: int = self.ids.shape[1]
        if c.max_new_tokens is not None:
            return int(c.max_new_tokens)
        if c.has_default_length:
            return int(c.max_length)  # transformers: 20 new tokens where nothing is said
        if length >= c.max_length:
            raise ValueError(f"input_ids are {length} tokens long, max_length is {c.max_length}; raise it, or give max_new_tokens")
        return int(c.max_length) - length

    @property
    def expanded(self) -> bool:
        """A request for each answer: where callbacks must know which it is."""
        return bool(self.config.num_beams == 1 and (self.criteria or self.config.output_scores))


def default_mask(ids: npt.NDArray[Any], config: Effective) -> npt.NDArray[Any]:
    """As transformers infers it: 0 at pad tokens, where there is a pad token that is no end token."""
    pad = config.pad_token_id
    if pad is None or pad in config.ends:
        return np.ones_like(ids)
    mask: npt.NDArray[Any] = (ids != pad).astype(ids.dtype)
    return mask


def check(call: Call) -> None:
    c = call.config
    if call.mask.shape != call.ids.shape:
        raise ValueError(f"attention_mask is {list(call.mask.shape)}, input_ids are {list(call.ids.shape)}")
    if call.streamer is not None and c.num_beams > 1:
        raise ValueError("a streamer does not go with num_beams > 1: beams are known at the end")
    if call.streamer is not None and len(call.ids) * c.num_return_sequences > 1:
        raise ValueError("a streamer takes one sequence: a batch of one and num_return_sequences=1")
    if call.criteria and c.num_beams > 1:
        raise ValueError("stopping_criteria do not go with num_beams > 1; eos_token_id and max_new_tokens do")
    if call.state is not None and (len(call.ids) > 1 or c.num_beams > 1 or c.num_return_sequences > 1):
        raise ValueError("a state is one sequence's: a batch of one, no beams, one answer; fork() the state for more")


def run(call: Call, session: _jet.Session) -> Any:
    check(call)
    requests = [request for row in range(len(call.ids)) for request in _requests(call, row)]
    if call.streamer is not None:
        call.streamer.put(call.kind.rows(call.ids.astype(np.int64, copy=False)))
    listener = _Listener(call) if call.criteria or call.streamer is not None else None
    results = session.generate(requests, listener)
    if call.streamer is not None:
        call.streamer.end()
    return _assemble(call, results)


def _requests(call: Call, row: int) -> list[_jet.Request]:
    c = call.config
    prompt = call.ids[row][call.mask[row] != 0]
    if call.state is not None:
        prompt = _after(call.state, prompt)
    beams = _jet.BeamOptions()
    beams.beams, beams.length_penalty, beams.early_stopping = c.num_beams, c.length_penalty, EARLY_STOPPING[c.early_stopping]
    answers = 1 if call.expanded else c.num_return_sequences
    return [
        _jet.Request(
            prompt,
            max_tokens=call.new_tokens,
            sampling=_sampling(call, row * c.num_return_sequences + number),
            beams=beams,
            answers=answers,
            end_tokens=c.ends,
            processor=_Processing(call) if call.processors else None,
            keep_scores=c.output_scores,
            state=call.state._inner if call.state is not None else None,
        )
        for number in range(c.num_return_sequences if call.expanded else 1)
    ]


def _after(state: State, prompt: npt.NDArray[Any]) -> npt.NDArray[Any]:
    consumed = state.ids
    if len(prompt) <= len(consumed):
        raise ValueError(f"input_ids are {len(prompt)} tokens, the state has consumed {len(consumed)}: give these and what follows")
    differ = np.flatnonzero(prompt[: len(consumed)] != np.asarray(consumed, dtype=prompt.dtype))
    if len(differ):
        raise ValueError(f"input_ids differ from what the state has consumed at token {differ[0]}")
    return prompt[len(consumed) :]


def _sampling(call: Call, number: int) -> _jet.Sampling:
    c, sampling = call.config, _jet.Sampling()
    if c.do_sample:
        sampling.temperature = c.temperature
        sampling.top_k, sampling.top_p, sampling.min_p, sampling.typical_p = c.top_k, c.top_p, c.min_p, c.typical_p
        sampling.epsilon_cutoff, sampling.eta_cutoff = c.epsilon_cutoff, c.eta_cutoff
    sampling.repetition_penalty = c.repetition_penalty
    sampling.no_repeat_ngram = c.no_repeat_ngram_size
    sampling.bad_words = c.bad_words_ids or []
    sampling.suppress = c.suppress_tokens or []
    least = c.min_new_tokens if c.min_new_tokens is not None else c.min_length - call.ids.shape[1]
    sampling.min_tokens = max(0, least)
    sampling.seed = (call.seed + number) % 2**64
    return sampling


class _Processing:
    """The caller's logits processors, on one sequence."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def __call__(self, ids: npt.NDArray[np.int32], scores: Floats) -> None:
        kind = self._call.kind
        context = kind.rows(ids.astype(np.int64)[None])
        for processor in self._call.processors:
            given = kind.numbers(scores.copy()[None])
            arrays.changed_scores(processor(context, given), scores)


class _Listener:
    """Every token as it is chosen: for the streamer, and for the stopping criteria."""

    def __init__(self, call: Call) -> None:
        self._call = call
        rows = len(call.ids) * (call.config.num_return_sequences if call.expanded else 1)
        each = rows // len(call.ids)
        self._ids: list[list[int]] = [call.ids[row // each].tolist() for row in range(rows)] if call.criteria else []

    def __call__(self, request: int, answer: int, token: int) -> bool:
        call = self._call
        if call.streamer is not None:
            call.streamer.put(call.kind.rows(np.asarray([token], dtype=np.int64)))
        if not call.criteria:
            return False
        self._ids[request].append(token)
        ids = call.kind.rows(np.asarray([self._ids[request]], dtype=np.int64))
        return any(bool(_any(criterion(ids, None))) for criterion in call.criteria)


def _any(value: Any) -> Any:
    return value.any() if hasattr(value, "any") else value


def _assemble(call: Call, results: list[_jet.Result]) -> Any:
    c = call.config
    answers = [answer for result in results for answer in result.answers]
    sequences = _sequences(call, [answer.ids for answer in answers])
    if not c.return_dict_in_generate:
        return call.kind.ids(sequences)
    output = GenerateOutput(call.kind.ids(sequences))
    if c.output_scores:
        output.scores = _scores(call, results)
        if c.num_beams > 1:
            output.sequences_scores = call.kind.numbers(np.asarray([answer.score for answer in answers], dtype=np.float32))
    return output


def _sequences(call: Call, answers: list[list[int]]) -> Ids:
    length = call.ids.shape[1]
    each = len(answers) // len(call.ids)
    most = max(len(answer) for answer in answers)
    pad = call.config.pad
    if pad is None and any(len(answer) < most for answer in answers):
        raise ValueError("the answers differ in length and there is no pad token; give pad_token_id")
    sequences = np.full((len(answers), length + most), pad if pad is not None else 0, dtype=np.int64)
    for row, answer in enumerate(answers):
        sequences[row, :length] = call.ids[row // each]
        sequences[row, length : length + len(answer)] = answer
    return sequences


def _scores(call: Call, results: list[_jet.Result]) -> tuple[Any, ...]:
    """By step; rows as transformers has them: of answers, or of all running beams. Zeros where a row has ended."""
    width = call.config.num_beams
    steps: list[list[tuple[int, Floats]]] = []
    for row, result in enumerate(results):
        tokens, scores = result.score_tokens, result.take_scores()
        for place, count in enumerate(tokens):
            step = count - tokens[0]
            while len(steps) <= step:
                steps.append([])
            beam = place - tokens.index(count)
            copies = width if step == 0 else 1  # all beams begin as the first
            steps[step] += [(row * width + beam + copy, scores[place]) for copy in range(copies)]
    out = []
    for rows in steps:
        matrix = np.zeros((len(results) * width, len(rows[0][1])), dtype=np.float32)
        for place, score in rows:
            matrix[place] = score
        out.append(call.kind.numbers(matrix))
    return tuple(out)


def new_seed() -> int:
    """Of Python's own generator: random.seed makes it the same."""
    return random.getrandbits(63)
