/** First word of every physical name, so that the account's owner sees what belongs to the platform. */
export const product = "gaming";

/** Long-lived environments; `prod` is the one with protection. */
export const environments = ["dev", "prod"] as const;

/** Characters of an ephemeral name behind `pr-` or `eph-`. */
export const ephemeralBody = 16;

/** Names that may be ephemeral. Only stacks whose name matches are ever reaped, so the list is of what is allowed. */
export const ephemeralName = /^(pr|eph)-[a-z0-9](?:[a-z0-9-]{0,14}[a-z0-9])?$/;

/** The allowed names, for messages. */
export const ephemeralNamesAllowed = `an ephemeral name such as pr-123 or eph-ana (${ephemeralName.source})`;

/** The same names as patterns of IAM policies, which know a star alone. */
export const ephemeralFamilies = ["pr-*", "eph-*"] as const;
