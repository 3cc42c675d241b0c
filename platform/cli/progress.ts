/** Runs some work; meanwhile says on standard error what is being done, when that is a terminal. */
export async function withProgress<T>(what: string, work: () => Promise<T>, stream = process.stderr): Promise<T> {
  if (!stream.isTTY) return work();
  const started = Date.now();
  const draw = (): void => {
    stream.write(`\r\u001b[K${what} ... ${Math.round((Date.now() - started) / 1000)} s`);
  };
  draw();
  const timer = setInterval(draw, 1000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    stream.write("\r\u001b[K");
  }
}
