import { EvaluationError } from "./errors";
import type { InvokeAnswer, ProviderPlugin } from "./plugin";
import { standIn } from "./references";
import type { PropertyMap } from "./types";
import { packageOf } from "./urn";
import { unknownValue } from "./values";

/** Finds the offline answer to a token, or says where one is to be added. */
export class InvokeTable {
  private readonly answers: ReadonlyMap<string, InvokeAnswer>;

  constructor(
    private readonly what: "invoke" | "call",
    plugins: readonly ProviderPlugin[],
    private readonly parameters: Readonly<Record<string, string>> = {},
    private readonly standIns = false,
  ) {
    this.answers = new Map(
      plugins.flatMap((plugin) => Object.entries((what === "invoke" ? plugin.invokes : plugin.calls) ?? {})),
    );
  }

  async answer(token: string, args: PropertyMap, provider: PropertyMap): Promise<PropertyMap> {
    const answer = this.answers.get(token);
    if (answer !== undefined) {
      const unknown = (about: string) => (this.standIns ? standIn(about, "value") : unknownValue);
      return answer(args, { provider, parameters: this.parameters, unknown });
    }
    throw new EvaluationError(
      "engine",
      `the ${this.what} ${token} has no offline answer; add one under \`${this.what}s\` in platform/engine/providers/${packageOf(token)}.ts`,
    );
  }
}
