"""The only door to llama-cpp-python: typed, thin, and quiet.

llama.cpp reports why something failed only in its log, so the log is captured here and its last
lines go into error messages; nothing is printed. Handles are owned by ``Model`` and ``Context``,
which free them once.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_quant.base import past_capture
from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, FlashAttention, Hardware
from pytest_quant.runtimes.llamacpp import native_log
from pytest_quant.runtimes.llamacpp.openmp import short_spinning

with short_spinning():
    import llama_cpp
    from llama_cpp._ctypes_extensions import load_shared_library

_FLASH_ATTENTION: dict[FlashAttention, int] = {
    "auto": llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO,
    "on": llama_cpp.LLAMA_FLASH_ATTN_TYPE_ENABLED,
    "off": llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED,
}
_LESS_CONTEXT = "Lower --quant-parallel, or shorten the prompts."
_OTHER_KV = (
    "Keep keys and values in other types (q8_0 and q4_0 have the smallest blocks, of 32 numbers), "
    "with flash attention if those of values are quantized."
)

NativeBatch = llama_cpp.llama_batch
DECODE_OK, DECODE_NO_SLOT, DECODE_ABORTED = 0, 1, 2
# Whether this build can use an accelerator.
OFFLOADS = bool(llama_cpp.llama_supports_gpu_offload())
GGML_TYPE_COUNT: int = llama_cpp.GGML_TYPE_COUNT


def _keep_log(level: int, text: bytes, _user_data: int | None) -> None:
    native_log.keep(level, text)


def _say_abort(message: bytes) -> None:
    _, _, place = message.decode("utf-8", errors="replace").rpartition("/llama.cpp/")
    past_capture.say(f"llama.cpp aborts: {place!r}")


# llama.cpp keeps only the addresses: these references keep the callbacks alive.
_log_callback = llama_cpp.llama_log_callback(_keep_log)
_abort_callback = ctypes.CFUNCTYPE(None, ctypes.c_char_p)(_say_abort)


@functools.cache
def initialize() -> None:
    """Start llama.cpp once in this process and take over its log and its last words.

    Of itself it would ask a debugger for the stack before it aborts.
    """
    llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
    ggml().ggml_set_abort_callback(_abort_callback)
    llama_cpp.llama_backend_init()


def version() -> str:
    return str(llama_cpp.__version__)


def _library_directory() -> Path:
    return Path(llama_cpp.llama_cpp._lib._name).parent


@functools.cache
def build_id() -> str:
    """Identifies the inference code: package version and digest of the native libraries.

    The version alone is not enough: the package is compiled on the user's machine, with the
    user's compiler and flags.
    """
    digest = hashlib.sha256()
    for path in sorted(_library_directory().iterdir()):
        if path.suffix in (".so", ".dylib", ".dll") and "mtmd" not in path.name:
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return f"llama-cpp-python {version()} ({digest.hexdigest()[:12]})"


@functools.cache
def hardware_class() -> str:
    """The instruction sets and backends in use, such as ``CPU: SSE3 AVX AVX2 FMA LLAMAFILE``."""
    initialize()
    parts: list[str] = []
    for field in llama_cpp.llama_print_system_info().decode().split("|"):
        backend, colon, feature = field.rpartition(":")
        if colon:
            parts.append(f"{backend.strip()}:")
        name, _, value = feature.strip().partition(" = ")
        if value and value != "0":
            parts.append(name if value == "1" else f"{name}={value}")
    return " ".join(parts)


def max_sequences() -> int:
    """The most sequences that one context can hold."""
    return int(llama_cpp.llama_max_parallel_sequences())


def file_type_id(name: str) -> int:
    """llama.cpp's number for a file type such as ``Q4_K_M``."""
    prefix = "LLAMA_FTYPE_ALL_" if name == "F32" else "LLAMA_FTYPE_MOSTLY_"
    return int(getattr(llama_cpp, prefix + name))


@functools.cache
def file_type_name(number: int) -> str:
    """llama.cpp's name for a file type number, such as ``Q4_K_M``; ``""`` for an unknown one."""
    for prefix in ("LLAMA_FTYPE_ALL_", "LLAMA_FTYPE_MOSTLY_"):
        for name in dir(llama_cpp):
            if name.startswith(prefix) and getattr(llama_cpp, name) == number:
                return name.removeprefix(prefix)
    return ""


@functools.cache
def ggml() -> Any:
    """The library of tensors beneath llama.cpp."""
    return load_shared_library("ggml-base", _library_directory())


@functools.cache
def ggml_backends() -> Any:
    """The library that knows which devices there are."""
    return load_shared_library("ggml", _library_directory())


class Model:
    """Loaded weights and vocabulary. Raises ``QuantUsageError`` when llama.cpp refuses the file.

    With ``vocabulary_only`` it knows how to make tokens, and nothing else. ``repack``: weights may
    be rearranged for kernels of this processor, which add up in another order.
    """

    def __init__(
        self,
        path: Path,
        *,
        vocabulary_only: bool = False,
        repack: bool = True,
        hardware: Hardware = DEFAULT_HARDWARE,
    ) -> None:
        initialize()
        native_log.clear()
        self.path = path
        parameters = llama_cpp.llama_model_default_params()
        parameters.vocab_only = vocabulary_only
        parameters.use_extra_bufts = repack
        if hardware.gpu_layers is not None:
            parameters.n_gpu_layers = hardware.gpu_layers
        if hardware.main_gpu is not None:
            parameters.split_mode = llama_cpp.LLAMA_SPLIT_MODE_NONE
            parameters.main_gpu = hardware.main_gpu
        # Read for as many devices as there may be, whose other shares are nothing.
        shares = (ctypes.c_float * llama_cpp.llama_max_devices())(*hardware.tensor_split)
        if hardware.tensor_split:
            parameters.tensor_split = shares
        self._handle: Any = llama_cpp.llama_model_load_from_file(os.fsencode(path), parameters)
        if not self._handle:
            raise QuantUsageError(
                f"{path}: llama.cpp cannot load this model:\n{native_log.last_lines()}\n"
                "Give a text model that this llama-cpp-python supports, or upgrade it."
            )
        # For which kernels the weights were rearranged, or ``as stored``.
        self.kernels = native_log.kernels()
        # Where its layers lie.
        self.devices = native_log.devices()
        self._vocabulary: Any = llama_cpp.llama_model_get_vocab(self._handle)
        self._piece = ctypes.create_string_buffer(256)

    @property
    def handle(self) -> Any:
        return self._handle

    @property
    def context_length(self) -> int:
        """Tokens of context that the model was trained with."""
        return int(llama_cpp.llama_model_n_ctx_train(self._handle))

    @property
    def vocabulary_size(self) -> int:
        return int(llama_cpp.llama_vocab_n_tokens(self._vocabulary))

    @property
    def generates_text(self) -> bool:
        """True for decoder-only, autoregressive models: the ones that can be asked."""
        other = llama_cpp.llama_model_has_encoder, llama_cpp.llama_model_is_diffusion
        return not any(is_it(self._handle) for is_it in other)

    @property
    def can_share_prefix(self) -> bool:
        """False when a sequence's memory is one state that cannot be cut (recurrent models)."""
        return not (
            llama_cpp.llama_model_is_recurrent(self._handle)
            or llama_cpp.llama_model_is_hybrid(self._handle)
        )

    @property
    def begin_token(self) -> int | None:
        """The token that the model's metadata puts before every text, if any."""
        if not llama_cpp.llama_vocab_get_add_bos(self._vocabulary):
            return None
        token = int(llama_cpp.llama_vocab_bos(self._vocabulary))
        return None if token == llama_cpp.LLAMA_TOKEN_NULL else token

    @property
    def chat_template(self) -> str:
        """The Jinja source of the model's chat template, ``""`` without one."""
        template = llama_cpp.llama_model_chat_template(self._handle, None) or b""
        return str(template.decode("utf-8", errors="replace"))

    @property
    def begin_text(self) -> str:
        """The text of the begin token, as chat templates spell it."""
        return self._token_text(llama_cpp.llama_vocab_bos(self._vocabulary))

    @property
    def end_text(self) -> str:
        """The text of the end token, as chat templates spell it."""
        return self._token_text(llama_cpp.llama_vocab_eos(self._vocabulary))

    def _token_text(self, token: int) -> str:
        if token == llama_cpp.LLAMA_TOKEN_NULL:
            return ""
        text: bytes = llama_cpp.llama_vocab_get_text(self._vocabulary, token)
        return text.decode("utf-8", errors="replace")

    def tokenize(self, text: str, *, parse_special: bool) -> npt.NDArray[np.int32]:
        """Token ids of a text, without begin or end tokens."""
        data = text.encode()
        tokens = np.empty(len(data) + 8, dtype=np.int32)
        count = llama_cpp.llama_tokenize(
            self._vocabulary,
            data,
            len(data),
            tokens.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            len(tokens),
            False,
            parse_special,
        )
        if count < 0:
            raise RuntimeFailed(f"llama.cpp cannot tokenize the prompt:\n{native_log.last_lines()}")
        return tokens[:count].copy()

    def piece(self, token: int, *, special: bool = False) -> bytes:
        """The bytes that a token stands for; a control token's name only if ``special``."""
        length = llama_cpp.llama_token_to_piece(
            self._vocabulary, token, self._piece, len(self._piece), 0, special
        )
        if length < 0:
            self._piece = ctypes.create_string_buffer(-length)
            return self.piece(token, special=special)
        return self._piece.raw[:length]

    def end_tokens(self) -> npt.NDArray[np.bool_]:
        """For every token id, whether it ends a generation."""
        is_end = llama_cpp.llama_vocab_is_eog
        size = self.vocabulary_size
        return np.fromiter((is_end(self._vocabulary, t) for t in range(size)), np.bool_, size)

    def close(self) -> None:
        if self._handle:
            llama_cpp.llama_model_free(self._handle)
            self._handle = None


class Context:
    """A KV cache and compute buffers for one model.

    ``cells`` is the number of tokens that all sequences together may hold, ``outputs`` the most
    rows of logits that one call may ask for (default: one a sequence), ``physical`` the most tokens
    that are worked on at once (default: ``batch``), ``kv_types`` ggml's numbers of the types of
    keys and values (default: llama.cpp's). ``on_node`` is called with what is computed: see
    ``ggml_tensors``. Raises ``RuntimeFailed`` when memory does not suffice,
    or llama.cpp cannot keep such keys and values.
    """

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        batch: int,
        threads: int,
        outputs: int | None = None,
        physical: int | None = None,
        kv_types: tuple[int, int] | None = None,
        hardware: Hardware = DEFAULT_HARDWARE,
        on_node: Callable[[int, bool, int | None], bool] | None = None,
    ) -> None:
        native_log.clear()
        self.cells, self.sequences, self.batch = cells, sequences, batch
        self.outputs = outputs or sequences
        self._vocabulary_size = model.vocabulary_size
        # libc's strlen serves as llama.cpp's abort callback: it answers 0 for this buffer until
        # abort() writes a character. A Python callback would cost a switch into the interpreter
        # for every node of the graph, which is as long as a small model's whole step.
        self._abort_flag = ctypes.create_string_buffer(2)
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = cells
        parameters.n_batch = batch
        parameters.n_ubatch = min(batch, physical or batch)
        parameters.n_seq_max = sequences
        parameters.n_outputs_max = self.outputs
        if outputs:
            parameters.n_outputs_max_per_seq = outputs
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.kv_unified = True
        parameters.flash_attn_type = _FLASH_ATTENTION[hardware.flash_attention]
        if hardware.gpu_layers == 0:
            # An accelerator would be lent single operations and the cache all the same.
            parameters.op_offload = parameters.offload_kqv = False
        if kv_types:
            parameters.type_k, parameters.type_v = kv_types
        parameters.no_perf = True
        parameters.abort_callback = ctypes.cast(
            ctypes.CDLL("msvcrt" if os.name == "nt" else None).strlen,
            llama_cpp.ggml_abort_callback,
        )
        parameters.abort_callback_data = ctypes.addressof(self._abort_flag)
        if on_node:
            parameters.cb_eval = self._on_node = llama_cpp.ggml_backend_sched_eval_callback(on_node)
        self._handle: Any = llama_cpp.llama_init_from_model(model.handle, parameters)
        if not self._handle:
            raise RuntimeFailed(
                f"llama.cpp cannot hold {cells} tokens of context for {model.path.name}:\n"
                f"{native_log.last_lines()}\n{_OTHER_KV if kv_types else _LESS_CONTEXT}"
            )
        # What llama.cpp made of what was asked for.
        self.flash_attention = native_log.flash_attention()
        self.kv = native_log.kv_types()
        self._memory: Any = llama_cpp.llama_get_memory(self._handle)
        self._logits_address: int | None = None
        self._logits = np.empty((0, self._vocabulary_size), np.float32)

    def decode(self, batch: Any) -> int:
        """Run a ``NativeBatch``; returns llama.cpp's status (0 is success)."""
        return int(llama_cpp.llama_decode(self._handle, batch))

    def logits(self, rows: int) -> npt.NDArray[np.float32]:
        """A view of shape (rows, vocabulary), valid until the next ``decode``."""
        address = ctypes.cast(llama_cpp.llama_get_logits(self._handle), ctypes.c_void_p).value
        if address != self._logits_address:
            # To make this view takes as long as to reduce a small model's logits, and llama.cpp
            # rarely moves them.
            shape = self.outputs, self._vocabulary_size
            buffer = (ctypes.c_float * (shape[0] * shape[1])).from_address(address or 0)
            self._logits = np.ctypeslib.as_array(buffer).reshape(shape)
            self._logits_address = address
        return self._logits[:rows]

    def clear(self) -> None:
        """Forget every sequence."""
        llama_cpp.llama_memory_clear(self._memory, False)

    def forget(self, sequence: int, start: int) -> None:
        """Drop a sequence's tokens from position ``start`` on."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, start, -1)

    def abort(self) -> None:
        """Make the running and every later ``decode`` return early. Safe from any thread."""
        self._abort_flag[0] = b"\1"

    @property
    def aborted(self) -> bool:
        return self._abort_flag[0] != b"\0"

    def rearm(self) -> None:
        """Undo ``abort``."""
        self._abort_flag[0] = b"\0"

    def close(self) -> None:
        if self._handle:
            llama_cpp.llama_free(self._handle)
            self._handle = None
