// The words of the story memory (services/knowledge-base).

/** What a document is to the story. */
export const documentTypes = ["main", "guide", "experience"] as const;
/** Formats that documents come in. */
export const mediaTypes = ["text/markdown", "text/html", "text/plain"] as const;
/** What a concept belongs to. */
export const conceptScopes = ["global", "day_world", "dark_world", "experience"] as const;
export const worldTypes = ["day", "dark", "experience"] as const;
export const factStatuses = ["proposed", "accepted", "rejected"] as const;
/** Who may decide on a fact: a model proposes, it never decides. */
export const deciders = ["person", "rule"] as const;
/** What a search finds. */
export const itemKinds = ["document", "concept", "event", "fact"] as const;
/** Characters of a question. */
export const longestQuery = 1_000;
