/** What an expression of a Go program says, as far as a schema needs it. */
export type GoExpression =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "name"; readonly value: string }
  | { readonly kind: "literal"; readonly type: string; readonly entries: readonly GoEntry[] }
  | { readonly kind: "call"; readonly callee: string; readonly arguments: readonly GoExpression[] }
  | { readonly kind: "function"; readonly body: readonly string[] }
  | { readonly kind: "other" };

export interface GoEntry {
  readonly key?: GoExpression;
  readonly value: GoExpression;
}

export interface GoAssignment {
  /** The left side as written, without spaces: `response.Schema`, `s["name"]`. */
  readonly target: string;
  readonly value: GoExpression;
}

/** What a function's body assigns and returns, in the order it is written, blocks inside it included. */
export interface GoBody {
  readonly assignments: readonly GoAssignment[];
  readonly returned: readonly GoExpression[];
}

const token =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+'|[A-Za-z_]\w*|\d[\w.]*|:=|\.\.\.|&&|\|\||<-|[<>=!+\-*/%&|^]=|<<|>>|&\^|\+\+|--|[\s\S]/g;

/** Splits Go source into tokens. Line ends are kept as `\n`, because they end statements; comments are dropped. */
export function goTokens(source: string): string[] {
  return (source.match(token) ?? []).filter((text) => text === "\n" || !/^(\s|\/\/|\/\*)/.test(text));
}

/** Reads what the statements of a function's body assign and return. */
export function readBody(tokens: readonly string[]): GoBody {
  const assignments: GoAssignment[] = [];
  const returned: GoExpression[] = [];
  for (let at = 0; at < tokens.length; ) {
    const end = statementEnd(tokens, at);
    if (tokens[at] === "return") {
      const parser = new Parser(tokens, at + 1);
      returned.push(parser.expression());
      at = Math.max(parser.at, at + 1);
      continue;
    }
    const sign = findAssignment(tokens, at, end);
    if (sign === undefined) {
      at += 1;
      continue;
    }
    const parser = new Parser(tokens, sign + 1);
    assignments.push({ target: tokens.slice(at, sign).join(""), value: parser.expression() });
    at = Math.max(parser.at, sign + 1);
  }
  return { assignments, returned };
}

/** The end of a statement's first line. */
function statementEnd(tokens: readonly string[], from: number): number {
  const end = tokens.findIndex((text, at) => at >= from && (text === "\n" || text === "{" || text === ";"));
  return end < 0 ? tokens.length : end;
}

/** `a.b["c"] = value` or `a := value`: the place of the sign; undefined for other statements. */
function findAssignment(tokens: readonly string[], from: number, end: number): number | undefined {
  if (from > 0 && !["\n", "{", "}", ";"].includes(tokens[from - 1]!)) return undefined;
  for (let at = from; at < end; at += 1) {
    const text = tokens[at]!;
    if (text === "=" || text === ":=") return at > from ? at : undefined;
    if (!/^([A-Za-z_]\w*|[.[\]]|"[^"]*")$/.test(text) || ["if", "for", "switch", "var", "return"].includes(text)) {
      return undefined;
    }
  }
  return undefined;
}

/** Reads one expression as it is written in Go; what it does not understand becomes `other`, up to the next comma. */
class Parser {
  constructor(
    private readonly tokens: readonly string[],
    public at: number,
  ) {}

  expression(): GoExpression {
    this.lines();
    const start = this.at;
    const value = this.operand();
    this.skipSpacesBeforeDot();
    if (this.isEnd()) return value;
    this.toEnd();
    if (this.at === start) this.next();
    return { kind: "other" };
  }

  private operand(): GoExpression {
    const text = this.peek();
    if (text === "&" || text === "*" || text === "!" || text === "-") {
      this.next();
      return this.operand();
    }
    if (/^["`]/.test(text)) {
      this.next();
      return this.suffixes({ kind: "text", value: text.slice(1, -1) }, text);
    }
    if (text === "func") return this.functionLiteral();
    if (text === "[" || text === "map" || text === "struct" || text === "interface") {
      const type = this.type();
      return this.peek() === "{" ? this.literal(type) : this.suffixes({ kind: "other" }, type);
    }
    if (text === "(") {
      this.skipBrackets();
      return this.suffixes({ kind: "other" }, "");
    }
    if (text === "{") return this.literal("");
    if (!/^\w/.test(text)) return { kind: "other" };
    this.next();
    return this.suffixes({ kind: "name", value: text }, text);
  }

  /** Selectors, type arguments, calls and literals behind an operand. */
  private suffixes(first: GoExpression, written: string): GoExpression {
    let value = first;
    let name = written;
    for (;;) {
      this.skipSpacesBeforeDot();
      const text = this.peek();
      if (text === "." && /^\w/.test(this.tokens[this.at + 1] ?? "")) {
        name = `${name}.${this.tokens[this.at + 1]}`;
        this.at += 2;
        value = value.kind === "name" ? { kind: "name", value: name } : value;
      } else if (text === "." || text === "[") {
        if (text === ".") this.next();
        this.skipBrackets();
      } else if (text === "(") {
        const given = this.list("(", ")").map(({ value: argument }) => argument);
        value = { kind: "call", callee: name, arguments: given };
        name = `${name}()`;
      } else if (text === "{" && value.kind === "name" && /^[\w.]+$/.test(name)) {
        value = this.literal(name);
      } else return value;
    }
  }

  private literal(type: string): GoExpression {
    return { kind: "literal", type, entries: this.list("{", "}") };
  }

  private list(open: string, close: string): GoEntry[] {
    const entries: GoEntry[] = [];
    this.expect(open);
    for (this.lines(); this.peek() !== close && this.peek() !== ""; this.lines()) {
      const before = this.at;
      const first = this.expression();
      if (this.peek() === ":") {
        this.next();
        entries.push({ key: first, value: this.expression() });
      } else entries.push({ value: first });
      this.lines();
      if (this.peek() === "...") this.next();
      if (this.peek() === ",") this.next();
      if (this.at === before) this.next();
    }
    this.expect(close);
    return entries;
  }

  private functionLiteral(): GoExpression {
    while (this.peek() !== "{" && this.peek() !== "") {
      if (this.peek() === "(" || this.peek() === "[") this.skipBrackets();
      else if (this.peek() === "interface" || this.peek() === "struct") {
        this.next();
        this.skipBrackets();
      } else this.next();
    }
    const start = this.at + 1;
    this.skipBrackets();
    const value: GoExpression = { kind: "function", body: this.tokens.slice(start, this.at - 1) };
    if (this.peek() !== "(") return value;
    this.skipBrackets();
    return { kind: "call", callee: "", arguments: [value] };
  }

  private type(): string {
    const start = this.at;
    while (this.peek() !== "") {
      const text = this.peek();
      if (text === "[") this.skipBrackets();
      else if ((text === "struct" || text === "interface") && this.tokens[this.at + 1] === "{") {
        this.next();
        this.skipBrackets();
        break;
      } else if (text === "map" || text === "*") this.next();
      else {
        this.next();
        while (this.peek() === ".") this.at += 2;
        if (this.peek() === "[") this.skipBrackets();
        break;
      }
    }
    return this.tokens.slice(start, this.at).join("");
  }

  private toEnd(): void {
    while (!this.isEnd()) {
      if (["(", "[", "{"].includes(this.peek())) this.skipBrackets();
      else {
        const operator = /^(&&|\|\||[+\-*/%<>]|[=!<>]=)$/.test(this.next());
        if (operator) this.lines();
      }
    }
  }

  private isEnd(): boolean {
    return ["", ",", ")", "]", "}", ":", ";", "\n", "..."].includes(this.peek());
  }

  private skipBrackets(): void {
    let depth = 0;
    do {
      const text = this.next();
      if (["(", "[", "{"].includes(text)) depth += 1;
      if ([")", "]", "}"].includes(text)) depth -= 1;
    } while (depth > 0 && this.at < this.tokens.length);
  }

  /** A chain of calls may go on in the next line when the line ends in a dot. */
  private skipSpacesBeforeDot(): void {
    if (this.peek() === "." && this.tokens[this.at + 1] === "\n") {
      const next = this.tokens.findIndex((text, at) => at > this.at && text !== "\n");
      if (next > 0 && /^\w/.test(this.tokens[next]!)) this.at = next - 1;
    }
  }

  private lines(): void {
    while (this.peek() === "\n") this.next();
  }

  private expect(text: string): void {
    if (this.peek() === text) this.next();
  }

  private peek(): string {
    return this.tokens[this.at] ?? "";
  }

  private next(): string {
    this.at += 1;
    return this.tokens[this.at - 1] ?? "";
  }
}
