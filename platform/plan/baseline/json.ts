import { InputError } from "../../../contracts/input-error";
import { baselineForms } from "./forms";

/** What `JSON.parse` can return. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function strings(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

export const text = (value: Json | undefined): string | undefined => (typeof value === "string" ? value : undefined);

/** The error for JSON that is no baseline. */
export function baselineError(file: string, given: unknown): InputError {
  return new InputError({ path: "baseline", given, allowed: baselineForms, where: file });
}
