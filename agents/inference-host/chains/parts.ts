import {
  type Action,
  type ActionOption,
  actionSchema,
  type Emotion,
  emotionSchema,
  usualActions,
  usualEmotions,
} from "../../../contracts/turns";

// Actions and emotions as data: the JSON schema that the engine's grammar keeps, and the check of what it wrote.

/** What a turn may hold: of the request, else of the chain, else the usual. */
export interface Allowed {
  readonly actions: readonly ActionOption[];
  readonly emotions: readonly string[];
}

/** The first of the lists that says something. */
export function allowedOf(
  ...from: readonly {
    readonly actions?: readonly ActionOption[] | null;
    readonly emotions?: readonly string[] | null;
  }[]
): Allowed {
  return {
    actions: from.find(({ actions }) => actions)?.actions ?? usualActions,
    emotions: from.find(({ emotions }) => emotions)?.emotions ?? usualEmotions,
  };
}

/** Intensities that a model may choose from: a list, since grammars cannot bound a number. */
const intensities = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

const object = (properties: Readonly<Record<string, object>>) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const oneOf = (words: readonly string[] | undefined) => (words === undefined ? { type: "null" } : { enum: words });

/** JSON schema of an action: one of the allowed, with a target and a manner of its own. */
export function actionJsonSchema(actions: readonly ActionOption[]): object {
  return {
    anyOf: actions.map(({ verb, targets, manners }) =>
      object({ verb: { const: verb }, target: oneOf(targets), manner: oneOf(manners) }),
    ),
  };
}

/** JSON schema of an emotion. */
export function emotionJsonSchema(emotions: readonly string[]): object {
  return object({
    label: { enum: emotions },
    intensity: { enum: intensities },
    secondary: { enum: [...emotions, null] },
  });
}

/** Characters of the longest action or emotion that is allowed, written as JSON with a space after each mark. */
export function longestJson(gives: "action" | "emotion", { actions, emotions }: Allowed): number {
  const longest = (words: readonly string[] = []) => Math.max(4, ...words.map((word) => JSON.stringify(word).length));
  const marks = '{ "secondary": , "intensity": , "manner":  }'.length;
  if (gives === "emotion") return marks + 2 * longest(emotions) + 4;
  return (
    marks +
    Math.max(...actions.map(({ verb, targets, manners }) => longest([verb]) + longest(targets) + longest(manners)))
  );
}

/** A part that was read from a model's words. */
export interface Read<Part> {
  readonly value: Part;
  /** True where the words end before the part does: what is missing was filled in. */
  readonly partial: boolean;
}

/** Reads an action; what was cut off is the first that is allowed. @returns undefined where not even the verb is whole, or is not allowed */
export function readAction(text: string, { actions }: Allowed): Read<Action> | undefined {
  const { fields, whole } = fieldsOf(text);
  const option = actions.find(({ verb }) => verb === fields.get("verb"));
  if (option === undefined) return undefined;
  const chosen = (given: unknown, words: readonly string[] | undefined) =>
    words === undefined ? null : (words.find((word) => word === given) ?? words[0]!);
  const value = {
    verb: option.verb,
    target: chosen(fields.get("target"), option.targets),
    manner: chosen(fields.get("manner"), option.manners),
  };
  const parsed = actionSchema.safeParse(value);
  return parsed.success ? { value: parsed.data, partial: !whole } : undefined;
}

/** Reads an emotion. @returns undefined where not even the label is whole, or is not allowed */
export function readEmotion(text: string, { emotions }: Allowed): Read<Emotion> | undefined {
  const { fields, whole } = fieldsOf(text);
  const secondary = fields.get("secondary");
  const parsed = emotionSchema.safeParse({
    label: fields.get("label"),
    intensity: fields.get("intensity") ?? 0.5,
    secondary: emotions.some((word) => word === secondary) && secondary !== fields.get("label") ? secondary : null,
  });
  if (!parsed.success || !emotions.includes(parsed.data.label)) return undefined;
  return { value: parsed.data, partial: !whole };
}

/** What a character does when no model says: the first of the allowed. */
export function authoredAction({ actions: [first] }: Allowed): Action {
  return { verb: first!.verb, target: first!.targets?.[0] ?? null, manner: first!.manners?.[0] ?? null };
}

/** What it feels when no model says: its persona's emotion, where that is allowed, else the first that is. */
export function authoredEmotion({ emotions }: Allowed, own: Emotion): Emotion {
  return emotions.includes(own.label) ? own : { label: emotions[0]!, intensity: own.intensity, secondary: null };
}

/** An action in words, for the prompt of a later step. */
export function actionWords({ verb, target, manner }: Action): string {
  return [verb, target, manner].filter((word) => word !== null).join(", ");
}

/** An emotion in words, for the prompt of a later step. */
export function emotionWords({ label, intensity, secondary }: Emotion): string {
  const strength = intensity < 0.35 ? "slight" : intensity < 0.7 ? "clear" : "strong";
  return `${strength} ${label}${secondary === null ? "" : `, with some ${secondary}`}`;
}

/** Allowed actions in words, for the prompt. */
export function actionList(actions: readonly ActionOption[]): string {
  return actions
    .map(({ verb, targets, manners }) => {
      const details = [
        ...(targets ? [`target ${targets.join(" or ")}`] : []),
        ...(manners ? [manners.join(" or ")] : []),
      ];
      return details.length === 0 ? verb : `${verb} (${details.join("; ")})`;
    })
    .join(", ");
}

const fieldPattern = /"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*"|null|-?\d+(?:\.\d+)?(?=\s*[,}]))/g;

/** The fields of a flat JSON object that are whole, though the object may not be. */
function fieldsOf(text: string): { fields: ReadonlyMap<string, unknown>; whole: boolean } {
  const fields = new Map<string, unknown>();
  for (const [, key, value] of text.matchAll(fieldPattern)) {
    try {
      fields.set(key!, JSON.parse(value!));
    } catch {
      // An escape that JSON has not: the field is left out.
    }
  }
  return { fields, whole: text.trimEnd().endsWith("}") };
}
