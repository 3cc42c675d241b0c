import { rules } from "../rules";
import table from "./checkov.json";
import { terraformTypes } from "./terraform-types";

/** Version of Checkov that the checks were read from. */
export const checkovVersion = table.version;

/** Checks that no rule here covers, and why. */
export const rejected: Readonly<Record<string, string>> = {
  CKV_AWS_143:
    "Object lock keeps every version for a fixed time, whoever asks; versioning, protect and 90 days of old versions hold here.",
  CKV_AWS_144:
    "A copy in another region doubles storage; it belongs to a plan of recovery with its own times, not to every bucket.",
  CKV_AWS_186: "Objects take the key of their bucket: CKV_AWS_145 judges that.",
  CKV_AWS_199: "Images take the key of their disks, which CKV_AWS_8 asks to be encrypted; they hold no player's data.",
  CKV_AWS_200: "As CKV_AWS_199: a recipe's disk holds programs and public weights.",
  CKV_AWS_224:
    "CKV_AWS_223 asks for the log of sessions; the session itself is encrypted by TLS without a key of our own.",
  CKV_AWS_388: "It is about Aurora on versions that AWS itself has withdrawn; CKV_AWS_250 judges the same flaw in RDS.",
  CKV2_AWS_1:
    "Security groups wall each service in; a network ACL of our own would repeat them by address, where they go by group.",
  CKV2_AWS_62: "Nothing listens to the events of a bucket that nobody but its owner writes to.",
  CKV2_AWS_73:
    "CKV_AWS_27 asks for encryption; the queue holds weather, and a key of its own costs more than the queue.",
};

/** What is decided about one check. */
export interface CheckDecision {
  readonly id: string;
  /** Pulumi types of the program that trigger it. */
  readonly types: readonly string[];
  /** The rule that covers it, or why none does; neither for a check that nobody has decided about. */
  readonly rule?: string;
  readonly rejected?: string;
}

/** The rule of each id, aliases included. */
const ruleOf = new Map(
  rules.flatMap(({ id, alsoKnownAs = [] }) => [id, ...alsoKnownAs].map((one) => [one, id] as const)),
);

/** Decisions about every check that resources of these Pulumi types trigger, in the order of Checkov's numbers. */
export function decisionsFor(pulumiTypes: readonly string[]): CheckDecision[] {
  return Object.entries(table.checks as Record<string, readonly string[]>).flatMap(([id, looksAt]) => {
    const types = pulumiTypes.filter((type) => terraformTypes[type]?.some((name) => looksAt.includes(name)));
    if (types.length === 0) return [];
    return [{ id, types, rule: ruleOf.get(id), rejected: rejected[id] }];
  });
}
