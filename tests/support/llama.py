"""A real inference server with a model of no sense: random weights, a token a byte, half a megabyte.

What it says is gibberish. Held to a JSON schema it is valid gibberish, which is what a reader of replies needs.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

ALIAS = "tiny-random"
INSTALLED = find_spec("xllamacpp") is not None and find_spec("gguf") is not None

_SPECIALS = ("<unk>", "<s>", "<|im_start|>", "<|im_end|>", "<pad>")
_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_WIDTH, _LAYERS, _HEADS, _KV_HEADS, _INNER, _CONTEXT = 64, 2, 4, 2, 128, 16_384


def byte_tokens() -> list[str]:
    """GPT-2's letters for the 256 bytes: printable ones stand for themselves, the others for letters from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(byte if byte in printable else next(others)) for byte in range(256)]


def write_model(path: Path, *, seed: int = 0) -> Path:
    """Write a tiny random Llama as GGUF; the same file for the same seed."""
    import gguf  # noqa: PLC0415 - only where a real server is tested
    import numpy as np  # noqa: PLC0415

    letters = byte_tokens()
    # The byte-level tokenizer wants one merge at least.
    tokens = [*_SPECIALS, *letters, letters[ord("t")] + letters[ord("h")]]
    control = gguf.TokenType.CONTROL
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(ALIAS)
    writer.add_context_length(_CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([control if token in _SPECIALS else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges([f"{letters[ord('t')]} {letters[ord('h')]}"])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(3)
    writer.add_pad_token_id(4)
    writer.add_add_bos_token(False)  # noqa: FBT003 - the library's signature
    writer.add_chat_template(_TEMPLATE)
    drawn = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return (drawn.standard_normal(shape) * 0.08).astype(np.float32)

    # Every token has a part in common, which the output weighs by how likely each one is to be: a bias, in effect.
    likely = np.array([[_likely(token)] for token in tokens], np.float32)
    writer.add_tensor("token_embd.weight", weights(len(tokens), _WIDTH) + np.float32(1))
    writer.add_tensor("output_norm.weight", np.ones(_WIDTH, np.float32))
    writer.add_tensor("output.weight", weights(len(tokens), _WIDTH) + likely / _WIDTH)
    keys = _KV_HEADS * _WIDTH // _HEADS
    for layer in range(_LAYERS):
        shapes = {
            "attn_q": (_WIDTH, _WIDTH),
            "attn_k": (keys, _WIDTH),
            "attn_v": (keys, _WIDTH),
            "attn_output": (_WIDTH, _WIDTH),
            "ffn_gate": (_INNER, _WIDTH),
            "ffn_up": (_INNER, _WIDTH),
            "ffn_down": (_WIDTH, _INNER),
        }
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", weights(*shape))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(_WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _likely(token: str) -> float:
    """Logits above or below the others. Texts are of plain letters and end: by a quote, or by the end mark."""
    if token in ('"', "<|im_end|>"):
        return 3.0
    return 0.0 if len(token) == 1 and (token.isascii() and token != "\\") else -12.0


@contextmanager
def serving(model: Path, *, key: str | None = None, patience: float = 60.0) -> Iterator[str]:
    """The server's base URL, for as long as the block lasts.

    Raises:
        RuntimeError: If it ends, or is not ready within ``patience`` seconds; with what it said.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    log = model.with_suffix(".log")
    command = [sys.executable, str(Path(__file__).with_name("llama_process.py")), str(model), str(port), ALIAS]
    with log.open("wb") as output:
        process = subprocess.Popen([*command, *((key,) if key else ())], stdout=output, stderr=output)
    try:
        _until_ready(process, port, patience, log)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def _until_ready(process: subprocess.Popen[bytes], port: int, patience: float, log: Path) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server was not ready:\n{log.read_text(errors='replace')[-2000:]}")
