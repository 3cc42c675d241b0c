import { InputError } from "../../contracts/input-error";

/** Value of an expression for the values of its ids; NaN stands for a missing datapoint. */
export type CompiledMath = (values: ReadonlyMap<string, number>) => number;
type Node = CompiledMath;

const functions: Readonly<Record<string, (args: readonly number[]) => number>> = {
  ABS: ([value]) => Math.abs(value!),
  AVG: (args) => args.reduce((sum, value) => sum + value, 0) / args.length,
  CEIL: ([value]) => Math.ceil(value!),
  FILL: ([value, filler]) => (Number.isNaN(value!) ? filler! : value!),
  FLOOR: ([value]) => Math.floor(value!),
  IF: ([condition, yes, no]) => (condition ? yes! : (no ?? Number.NaN)),
  MAX: (args) => Math.max(...args),
  MIN: (args) => Math.min(...args),
  SUM: (args) => args.reduce((sum, value) => sum + value, 0),
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};

/**
 * Compiles the part of CloudWatch metric math that scaling policies use: numbers, ids, `+ - * / ^`, comparisons, brackets and
 * ABS, AVG, CEIL, FILL, FLOOR, IF, MAX, MIN, SUM. Division by zero gives no datapoint, as in CloudWatch.
 * @throws InputError where the expression cannot be read or uses an id that is not given.
 */
export function compileMath(expression: string, ids: readonly string[], where?: string): CompiledMath {
  const tokens = expression.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|[<>=!]=|[-+*/^()[\],<>]|\S/g) ?? [];
  let at = 0;
  const fail = (allowed: string): never => {
    throw new InputError({ path: "metric expression", given: expression, allowed, where });
  };
  const accept = (token: string) => tokens[at] === token && ++at > 0;
  const expect = (token: string) => accept(token) || fail(`"${token}" at "${tokens.slice(at).join(" ") || "the end"}"`);

  function comparison(): Node {
    const left = sum();
    const compare = comparisons[tokens[at] ?? ""];
    if (!compare) return left;
    at++;
    const right = sum();
    return (values) => (compare(left(values), right(values)) ? 1 : 0);
  }

  function sum(): Node {
    let left = product();
    for (;;) {
      const a = left;
      if (accept("+")) {
        const b = product();
        left = (values) => a(values) + b(values);
      } else if (accept("-")) {
        const b = product();
        left = (values) => a(values) - b(values);
      } else return left;
    }
  }

  function product(): Node {
    let left = power();
    for (;;) {
      const a = left;
      if (accept("*")) {
        const b = power();
        left = (values) => a(values) * b(values);
      } else if (accept("/")) {
        const b = power();
        left = (values) => {
          const divisor = b(values);
          return divisor === 0 ? Number.NaN : a(values) / divisor;
        };
      } else return left;
    }
  }

  function power(): Node {
    const base = unary();
    if (!accept("^")) return base;
    const exponent = power();
    return (values) => base(values) ** exponent(values);
  }

  function unary(): Node {
    if (!accept("-")) return primary();
    const value = primary();
    return (values) => -value(values);
  }

  function primary(): Node {
    const token = tokens[at++] ?? fail("a number, an id or a function");
    if (token === "(") {
      const inner = comparison();
      expect(")");
      return inner;
    }
    if (/^\d/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    const apply = functions[token.toUpperCase()];
    if (apply && accept("(")) {
      const args = list(")");
      return (values) => apply(args.map((arg) => arg(values)));
    }
    if (!ids.includes(token)) fail(`the ids ${ids.join(", ")} and the functions ${Object.keys(functions).join(", ")}`);
    return (values) => values.get(token) ?? Number.NaN;
  }

  function list(end: string): Node[] {
    const args: Node[] = [];
    do {
      if (accept("[")) args.push(...list("]"));
      else args.push(comparison());
    } while (accept(","));
    expect(end);
    return args;
  }

  const root = comparison();
  if (at < tokens.length) fail(`the end at "${tokens.slice(at).join(" ")}"`);
  return root;
}
