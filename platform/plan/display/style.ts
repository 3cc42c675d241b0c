import { styleText } from "node:util";
import type { StepOp } from "../model";

type Format = Parameters<typeof styleText>[0];

interface OpStyle {
  /** Two characters before a line. */
  readonly prefix: string;
  readonly format?: Format;
  /** The word in the Plan column. */
  readonly plan: string;
}

/**
 * How each operation is shown, as in Pulumi's CLI:
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step.go (RawPrefix, Color) and
 * https://github.com/pulumi/pulumi/blob/master/pkg/backend/display/progress.go (getPreviewText).
 */
export const opStyles = {
  same: { prefix: "  ", plan: "" },
  create: { prefix: "+ ", format: "green", plan: "create" },
  delete: { prefix: "- ", format: "red", plan: "delete" },
  update: { prefix: "~ ", format: "yellow", plan: "update" },
  replace: { prefix: "+-", format: "magentaBright", plan: "replace" },
  "create-replacement": { prefix: "++", format: "greenBright", plan: "create replacement" },
  "delete-replaced": { prefix: "--", format: "redBright", plan: "delete original" },
  read: { prefix: "> ", format: "cyanBright", plan: "read" },
  "read-replacement": { prefix: ">>", format: "magentaBright", plan: "read for replacement" },
  refresh: { prefix: "~ ", format: "yellow", plan: "refresh" },
  discard: { prefix: "< ", format: "red", plan: "discard" },
  "discard-replaced": { prefix: "<<", format: "magentaBright", plan: "discard original" },
  "remove-pending-replace": { prefix: "~ ", format: "yellow", plan: "remove pending replace" },
  import: { prefix: "= ", format: "greenBright", plan: "import" },
  "import-replacement": { prefix: "=>", format: "magentaBright", plan: "import replacement" },
} as const satisfies Record<StepOp, OpStyle>;

/** Colours text, or leaves it as it is. */
export interface Painter {
  op(op: StepOp, text: string): string;
  header(text: string): string;
  bold(text: string): string;
  warning(text: string): string;
  error(text: string): string;
}

export function painter(colour: boolean): Painter {
  const paint = (format: Format, text: string): string =>
    colour && text !== "" ? styleText(format, text, { validateStream: false }) : text;
  return {
    op: (op, text) => {
      const { format }: OpStyle = opStyles[op];
      return format === undefined ? text : paint(format, text);
    },
    header: (text) => paint("magentaBright", text),
    bold: (text) => paint("bold", text),
    warning: (text) => paint("yellow", text),
    error: (text) => paint("red", text),
  };
}

/** `aws:ec2:Vpc` for `aws:ec2/vpc:Vpc`: the file part says nothing that the name does not. */
export function simplifyType(type: string): string {
  const [packageName, module, name] = type.split(":");
  if (packageName === undefined || module === undefined || !name || type.split(":").length !== 3) return type;
  const slash = module.lastIndexOf("/");
  const file = module.slice(slash + 1);
  return slash > 0 && file === name[0]!.toLowerCase() + name.slice(1)
    ? `${packageName}:${module.slice(0, slash)}:${name}`
    : type;
}
