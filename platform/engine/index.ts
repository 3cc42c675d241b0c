export { isDefaultProvider } from "./default-providers";
export { EvaluationError, type EvaluationFailure } from "./errors";
export { evaluate } from "./evaluate";
export * from "./types";
export { isProviderType, makeUrn, packageOf, parseUrn, rootStackType } from "./urn";
export * from "./values";
