import { encodeGguf, type GgufTensor, type GgufValue } from "./gguf-writer";
import { adapterSentence, baseSentence } from "./sentences";

/** Rank of the toy adapters: a place for each word transition of the longest sentence. */
export const toyRank = 16;
/** Context in tokens that the toy's metadata claims. */
export const toyContext = 4096;

const headDim = 64;
const specials = ["<unk>", "<s>", "</s>"];
const endToken = 2;
const tokenTypes = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/**
 * The toy's design. It is a real one-layer llama whose weights are laid by hand instead of trained: each word has an
 * identity dimension in the residual stream and a dimension that means "this word comes next". The feed-forward block copies
 * the current word's identity to its successor's next-dimension, and the output head reads the next-dimensions. Everything
 * typed by a person is tokenised to bytes, which share one identity, so that every prompt starts the sentence. Attention has
 * no output weights. An adapter of low rank on `ffn_down` adds other successors, three times as strong.
 */
interface Layout {
  readonly words: readonly string[];
  readonly embedding: number;
  readonly hidden: number;
  /** Identity dimension, and hidden unit, of anything that is not a word. */
  readonly other: number;
  /** Dimension that is 1 for every token. */
  readonly constant: number;
  /** First of the next-dimensions: one per word, then the end of the text. */
  readonly next: number;
  /** First of 64 dimensions that nothing reads: bytes leave a mark there, so that embeddings of two texts differ. */
  readonly spare: number;
}

const firstWordToken = specials.length + 256;

/** The toy as GGUF files. */
export interface Toy {
  readonly base: Buffer;
  /** LoRA adapters by name, each of which makes the toy say another sentence. */
  readonly adapters: ReadonlyMap<string, Buffer>;
}

/** A toy that knows the words of these adapters. */
export function toyModel(names: readonly string[]): Toy {
  const sentences = new Map(names.map((name) => [name, adapterSentence(name)]));
  const layout = makeLayout([baseSentence, ...sentences.values()]);
  return {
    base: baseModel(layout),
    adapters: new Map([...sentences].map(([name, sentence]) => [name, toyAdapter(layout, sentence)])),
  };
}

function baseModel(layout: Layout): Buffer {
  const { words, embedding, hidden, other, constant, next, spare } = layout;
  const vocabulary = firstWordToken + words.length;
  const identity = (token: number) => (token < firstWordToken ? other : token - firstWordToken);

  const tokens = [...specials, ...bytes().map((byte) => `<0x${byte}>`), ...words.map((word) => `\u2581${word}`)];
  const types = tokens.map((_, token) =>
    token === 0
      ? tokenTypes.unknown
      : token < specials.length
        ? tokenTypes.control
        : token < firstWordToken
          ? tokenTypes.byte
          : tokenTypes.normal,
  );

  const embeddings = matrix("token_embd.weight", embedding, vocabulary);
  const output = matrix("output.weight", embedding, vocabulary);
  for (let token = 0; token < vocabulary; token++) {
    embeddings.set(identity(token), token, 1);
    embeddings.set(constant, token, 1);
    if (token >= specials.length && token < firstWordToken)
      embeddings.set(spare + ((token - specials.length) % headDim), token, 0.3);
    if (token >= firstWordToken) output.set(next + token - firstWordToken, token, 1);
  }
  output.set(next + words.length, endToken, 1);

  const gate = matrix("blk.0.ffn_gate.weight", embedding, hidden);
  const up = matrix("blk.0.ffn_up.weight", embedding, hidden);
  for (let unit = 0; unit < hidden; unit++) {
    gate.set(constant, unit, 1);
    up.set(unit, unit, 1);
  }
  const down = matrix("blk.0.ffn_down.weight", hidden, embedding);
  for (const [from, to] of transitions(layout, baseSentence)) down.set(from, to, unitStrength(layout));

  const noise = seededNoise(7);
  const attention = ["attn_q", "attn_k", "attn_v"].map((name) =>
    matrix(`blk.0.${name}.weight`, embedding, name === "attn_q" ? embedding : headDim, noise),
  );
  const tensors = [
    embeddings,
    output,
    ones("output_norm.weight", embedding),
    ones("blk.0.attn_norm.weight", embedding),
    ones("blk.0.ffn_norm.weight", embedding),
    ...attention,
    matrix("blk.0.attn_output.weight", embedding, embedding),
    gate,
    up,
    down,
  ];
  const metadata: Record<string, GgufValue> = {
    "general.architecture": { type: "string", value: "llama" },
    "general.name": { type: "string", value: "toy: one hand-laid layer, not a language model" },
    "general.alignment": { type: "u32", value: 32 },
    "llama.context_length": { type: "u32", value: toyContext },
    "llama.embedding_length": { type: "u32", value: embedding },
    "llama.block_count": { type: "u32", value: 1 },
    "llama.feed_forward_length": { type: "u32", value: hidden },
    "llama.attention.head_count": { type: "u32", value: embedding / headDim },
    "llama.attention.head_count_kv": { type: "u32", value: 1 },
    "llama.attention.layer_norm_rms_epsilon": { type: "f32", value: 1e-6 },
    "llama.rope.dimension_count": { type: "u32", value: headDim },
    "llama.vocab_size": { type: "u32", value: vocabulary },
    "tokenizer.ggml.model": { type: "string", value: "llama" },
    "tokenizer.ggml.tokens": { type: "strings", value: tokens },
    "tokenizer.ggml.scores": { type: "f32s", value: tokens.map(() => 0) },
    "tokenizer.ggml.token_type": { type: "i32s", value: types },
    "tokenizer.ggml.unknown_token_id": { type: "u32", value: 0 },
    "tokenizer.ggml.bos_token_id": { type: "u32", value: 1 },
    "tokenizer.ggml.eos_token_id": { type: "u32", value: endToken },
    "tokenizer.ggml.add_bos_token": { type: "bool", value: true },
    "tokenizer.ggml.add_space_prefix": { type: "bool", value: false },
    "tokenizer.chat_template": {
      type: "string",
      value:
        "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}" +
        "{% if add_generation_prompt %}assistant:{% endif %}",
    },
  };
  return encodeGguf(metadata, tensors);
}

function toyAdapter(layout: Layout, sentence: string): Buffer {
  const { embedding, hidden } = layout;
  const pairs = transitions(layout, sentence);
  if (pairs.length > toyRank) throw new Error(`a toy sentence has at most ${toyRank - 1} words: ${sentence}`);
  const down = matrix("blk.0.ffn_down.weight.lora_a", hidden, toyRank);
  const up = matrix("blk.0.ffn_down.weight.lora_b", toyRank, embedding);
  pairs.forEach(([from, to], index) => {
    down.set(from, index, 1);
    up.set(index, to, 3 * unitStrength(layout));
  });
  return encodeGguf(
    {
      "general.type": { type: "string", value: "adapter" },
      "general.architecture": { type: "string", value: "llama" },
      "general.name": { type: "string", value: "toy adapter" },
      "general.alignment": { type: "u32", value: 32 },
      "adapter.type": { type: "string", value: "lora" },
      "adapter.lora.alpha": { type: "f32", value: toyRank },
    },
    [down, up],
  );
}

/** A hidden unit that is on has the value sqrt(D/2) squared, after the norm of a residual with two ones; this undoes it. */
function unitStrength({ embedding }: Layout): number {
  return 2 / embedding;
}

/** Pairs of hidden unit and next-dimension for a sentence, from "anything typed" to the end of the text. */
function transitions({ words, other, next }: Layout, sentence: string): [number, number][] {
  const units = sentence.split(" ").map((word) => words.indexOf(word));
  if (new Set(units).size !== units.length) throw new Error(`a toy sentence repeats a word: ${sentence}`);
  return [...units, words.length].map((to, index) => [index === 0 ? other : units[index - 1]!, next + to]);
}

function makeLayout(sentences: readonly string[]): Layout {
  const words = [...new Set(sentences.flatMap((sentence) => sentence.split(" ")))];
  const other = words.length;
  const next = words.length + 2;
  const spare = next + words.length + 1;
  return {
    words,
    other,
    constant: words.length + 1,
    next,
    spare,
    hidden: words.length + 1,
    embedding: Math.ceil((spare + headDim) / headDim) * headDim,
  };
}

interface Matrix extends GgufTensor {
  set(column: number, row: number, value: number): void;
}

function matrix(name: string, columns: number, rows: number, fill?: () => number): Matrix {
  const data = new Float32Array(columns * rows);
  if (fill) for (let index = 0; index < data.length; index++) data[index] = fill();
  return {
    name,
    shape: [columns, rows],
    data,
    set(column, row, value) {
      data[row * columns + column] = value;
    },
  };
}

function ones(name: string, length: number): GgufTensor {
  return { name, shape: [length], data: new Float32Array(length).fill(1) };
}

function bytes(): string[] {
  return Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
}

/** Small repeatable noise for weights that have no part in the toy's answer (a linear congruential generator). */
function seededNoise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 0.02;
  };
}
