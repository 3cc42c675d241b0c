/** Addresses at which nobody listens: for services whose events a test does not look at. */
export const noEvents = {
  AWS_REGION: "us-east-1",
  AWS_ENDPOINT_URL_SQS: "http://127.0.0.1:9",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "test",
  EVENTS_QUEUE_URL: "http://127.0.0.1:9/queue",
} as const;
