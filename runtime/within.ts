/**
 * Waits for work, but not longer than the time given; the work itself goes on.
 * @param ms Milliseconds.
 * @throws Error when the time has passed
 */
export function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
