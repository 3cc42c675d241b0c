import { createHash } from "node:crypto";
import { InputError } from "../contracts/input-error";
import { product } from "../contracts/stack-names";
import { type NameRule, nameRules } from "./name-rules";

export { product };

/** Characters that the AWS provider appends to a name prefix. */
const providerSuffix = 26;
/** Characters of our own random suffix, with its hyphen: `-1a2b3c`. */
export const ownSuffix = 7;
/** Characters that Pulumi appends to a logical name, with its hyphen. */
const pulumiSuffix = 8;
/** Characters of the hash in a name that was cut or changed. */
const hashLength = 6;
/** Prefixes stay readable where AWS would take more. */
const longestPrefix = 100;

/** What the naming module says about one resource. */
export interface PhysicalName {
  /** The resource argument to set. */
  readonly property: string;
  /** Its value, or for a suffixed type what the random suffix is appended to. */
  readonly value: string;
}

/**
 * The rule of a resource type; components and providers have no names in AWS.
 * @throws InputError for a type that is in no list, so that a new type cannot go without a decision about its name.
 */
export function nameRule(type: string): NameRule {
  if (!type.startsWith("aws:") && !Object.hasOwn(nameRules, type)) return { style: "none" };
  const rule = Object.hasOwn(nameRules, type) ? nameRules[type] : undefined;
  if (rule !== undefined) return rule;
  throw new InputError({
    path: "type",
    given: type,
    allowed: "a resource type that has a naming rule",
    where: "components/name-rules.ts, nameRules",
  });
}

/**
 * The physical name of a resource: product, stack and logical name, made to fit the type's rule. A name that had to be cut or
 * changed carries a hash of the full path, so that two different resources never come to the same name.
 * @returns undefined for types that have no name of their own, that Pulumi names, or whose name the component gives.
 */
export function physicalName(type: string, stack: string, logicalName: string): PhysicalName | undefined {
  const rule = nameRule(type);
  switch (rule.style) {
    case "none":
    case "auto":
    case "interface":
      return undefined;
    case "prefix": {
      const room = Math.min(rule.max - providerSuffix, longestPrefix);
      return { property: rule.property, value: `${fitted(stack, logicalName, rule.charset, rule.head, room - 1)}-` };
    }
    case "suffixed":
      return {
        property: rule.property,
        value: fitted(stack, logicalName, rule.charset, rule.head, rule.max - ownSuffix),
      };
    case "fixed":
      return { property: rule.property, value: fitted(stack, logicalName, rule.charset, rule.head, rule.max) };
  }
}

/**
 * Sets the physical name in a resource's arguments by the rule of its type, and checks a name that the component gave itself.
 * Applying it twice changes nothing.
 * @returns The arguments to register with.
 * @throws InputError when the name breaks the rule, is missing where it is an interface, or is fixed where it must be random.
 */
export function nameArguments(
  type: string,
  stack: string,
  logicalName: string,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const rule = nameRule(type);
  if (rule.style === "none") return { ...args };
  const place = `${logicalName}.${rule.property}`;
  const given = args[rule.property];
  switch (rule.style) {
    case "interface":
    case "suffixed":
      if (given === undefined)
        throw ruleError(place, given, `a name given by the component (${type} is ${rule.style})`);
      checkText(place, given, rule.charset, rule.max);
      return { ...args };
    case "auto":
      checkText(place, given ?? logicalName, rule.charset, rule.max - (given === undefined ? pulumiSuffix : 0));
      return { ...args };
    case "prefix": {
      const whole = args[rule.exactProperty];
      if (whole !== undefined) return allowException(rule, `${logicalName}.${rule.exactProperty}`, whole, args);
      const name = physicalName(type, stack, logicalName)!;
      if (given !== undefined && given !== name.value) return allowException(rule, place, given, args);
      return { ...args, [name.property]: name.value };
    }
    case "fixed": {
      if (given !== undefined) checkText(place, given, rule.charset, rule.max);
      return given === undefined
        ? { ...args, [rule.property]: physicalName(type, stack, logicalName)!.value }
        : { ...args };
    }
  }
}

function allowException(
  rule: Extract<NameRule, { style: "prefix" }>,
  place: string,
  given: unknown,
  args: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const exception = rule.exceptions?.find(({ pattern }) => typeof given === "string" && pattern.test(given));
  if (exception === undefined) {
    throw ruleError(
      place,
      given,
      `no name, the naming module gives ${rule.property}${exceptionsText(rule.exceptions)}`,
    );
  }
  return { ...args };
}

function exceptionsText(exceptions: readonly { pattern: RegExp; reason: string }[] = []): string {
  return exceptions.map(({ pattern, reason }) => `; or ${pattern.source}, since ${reason}`).join("");
}

function checkText(place: string, given: unknown, charset: string, max: number): void {
  if (typeof given !== "string") return;
  if (given.length <= max && new RegExp(`^[${charset}]+$`).test(given)) return;
  throw ruleError(place, given, `1 to ${max} characters of [${charset}]`);
}

function ruleError(path: string, given: unknown, allowed: string): InputError {
  return new InputError({
    path,
    given,
    allowed,
    where: "the component's source; the rules are in components/name-rules.ts",
  });
}

/** Makes the full path fit a length and a character set. */
function fitted(stack: string, logicalName: string, charset: string, head = "", max: number): string {
  const path = `${product}-${stack}-${logicalName}`;
  const clean = tidy(path, charset);
  const room = max - head.length;
  if (clean === path && clean.length <= room) return head + clean;
  const hash = shortHash(path);
  const human = room - hash.length - 1;
  return `${head}${trim(cutInTheMiddle(clean, human))}-${hash}`;
}

/** Replaces what the character set lacks by single hyphens; every set here holds lower-case letters, digits and the hyphen. */
function tidy(text: string, charset: string): string {
  const cased = charset.includes("A-Z") ? text : text.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
  return trim(cased.replace(new RegExp(`[^${charset}]`, "g"), "-").replace(/-{2,}/g, "-"));
}

function trim(text: string): string {
  return text.replace(/^-+|-+$/g, "");
}

function cutInTheMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const front = Math.ceil((max - 1) / 2);
  return `${trim(text.slice(0, front))}-${trim(text.slice(text.length - (max - 1 - front)))}`;
}

function shortHash(text: string): string {
  const digest = createHash("sha256").update(text).digest();
  return (digest.readBigUInt64BE() % 36n ** BigInt(hashLength)).toString(36).padStart(hashLength, "0");
}
