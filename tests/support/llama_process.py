"""llama.cpp's own HTTP server in a process of its own, through PyPI ``xllamacpp``.

Usage: ``llama_process.py MODEL.gguf PORT ALIAS [API_KEY]``
"""

from __future__ import annotations

import signal
import sys
import time

import xllamacpp

PARALLEL = 2
CONTEXT = 16_384
"""Tokens a slot holds; the tiny model has a token a byte."""


def main(model: str, port: str, alias: str, key: str | None = None) -> None:
    """Serve until the process is ended."""
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.hostnames = ["127.0.0.1"]
    params.port = int(port)
    params.model_alias = {alias}
    params.n_parallel = PARALLEL
    params.n_ctx = CONTEXT * PARALLEL
    if key is not None:
        params.api_keys = [key]
    params.warmup = False
    params.ui = False
    params.offline = True
    params.use_jinja = True
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sys.stdout.write(f"listening {server.listening_address}\n")
    sys.stdout.flush()
    while True:
        time.sleep(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
