/**
 * Seconds that an answer of a model may take, from the request's first byte to the answer's last. What stands between a caller and the
 * router must wait as long.
 */
export const answerSeconds = 300;
