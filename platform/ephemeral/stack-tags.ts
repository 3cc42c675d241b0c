/** Tags of a stack in the state backend, beside those that Pulumi sets itself. */
export const expiryTag = "game-ai-platform:expires-at";
export const ownerTag = "game-ai-platform:owner";

/** The config key that tells the program its stack's life. */
export const lifetimeKey = "game-ai-platform:lifetime";
