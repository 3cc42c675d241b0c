/**
 * Seconds that an answer of a model may take, from the request's first byte to the answer's last. What stands between a caller and the
 * router must wait as long.
 */
export const answerSeconds = 300;

/** Seconds that a node lets a request wait for a slot of its engine. */
export const queueSeconds = 30;

/** Tokens that a node generates at most for one request, and where the request names no limit. */
export const outputTokens = { most: 1_024, fallback: 512 } as const;
