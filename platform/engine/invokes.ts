import { EvaluationError } from "./errors";
import { answersFile, OfflineAnswers } from "./offline-answers";
import type { InvokeAnswer, ProviderPlugin } from "./plugin";
import { standIn } from "./references";
import type { PropertyMap } from "./types";
import { unknownValue } from "./values";

/** Finds the offline answer to a token, or says where one is to be given. */
export class InvokeTable {
  private readonly answers: ReadonlyMap<string, InvokeAnswer>;

  constructor(
    private readonly what: "invoke" | "call",
    plugins: readonly ProviderPlugin[],
    private readonly given: OfflineAnswers = OfflineAnswers.none,
    private readonly parameters: Readonly<Record<string, string>> = {},
    private readonly standIns = false,
  ) {
    this.answers = new Map(
      plugins.flatMap((plugin) => Object.entries((what === "invoke" ? plugin.invokes : plugin.calls) ?? {})),
    );
  }

  async answer(token: string, args: PropertyMap, provider: PropertyMap): Promise<PropertyMap> {
    const given = this.given.invoke(token, args);
    if (given !== undefined) return given;
    const answer = this.answers.get(token);
    if (answer !== undefined) {
      const unknown = (about: string) => (this.standIns ? standIn(about, "value") : unknownValue);
      return answer(args, { provider, parameters: this.parameters, unknown });
    }
    throw new EvaluationError(
      "engine",
      `the ${this.what} ${token} has no offline answer; give one under \`invokes\` in ${answersFile} (docs/engine.md)`,
    );
  }
}
