/** Stands for everybody in a list of who knows of something. */
export const everybody = "*";

/** Who knows of something as it is stored: null for everybody, else each name once. */
export function knowers(...lists: readonly (readonly string[] | undefined)[]): string[] | null {
  const given = lists.filter((list) => list !== undefined);
  const names = [...new Set(given.flat())].sort();
  return given.length === 0 || names.includes(everybody) ? null : names;
}
