/** Longest word that is taken apart; a longer one has no token, as in BERT. */
const longestWord = 100;

/**
 * Words of a text as BERT's uncased models read it: small letters without accents, each sign and each Chinese character by itself.
 * Source: the basic tokenizer of Devlin et al. (2018).
 */
export function basicWords(text: string): string[] {
  const plain = text
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "");
  return plain.match(/[\p{P}\p{S}]|[\p{Script=Han}]|[^\s\p{P}\p{S}\p{Script=Han}\p{C}]+/gu) ?? [];
}

/** Splits words into the longest pieces that a vocabulary has; pieces inside a word begin with `##` there. */
export class WordPieces {
  readonly #ids: ReadonlyMap<string, number>;

  constructor(tokens: readonly string[]) {
    this.#ids = new Map(tokens.map((token, id) => [token, id]));
  }

  /** Numbers of a word's pieces; undefined for a word that the vocabulary cannot spell. */
  split(word: string): number[] | undefined {
    if (word.length > longestWord) return undefined;
    const ids: number[] = [];
    for (let start = 0; start < word.length; ) {
      let end = word.length;
      let id: number | undefined;
      for (; end > start; end -= 1) {
        const piece = word.slice(start, end);
        id = this.#ids.get(start === 0 ? piece : `##${piece}`);
        if (id !== undefined) break;
      }
      if (id === undefined) return undefined;
      ids.push(id);
      start = end;
    }
    return ids;
  }
}
