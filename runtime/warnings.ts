/**
 * Keeps warnings of Node and of libraries, such as that of the AWS SDK about versions of Node to come, out of terminals and out of
 * logs of JSON lines. With `DEBUG=1` Node writes them as ever.
 */
export function hideWarnings(): void {
  if (!process.env.DEBUG) process.removeAllListeners("warning");
}
