/** Sets rows under their titles, columns two spaces apart, numbers to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const isNumeric = titles.map((_, column) =>
    rows.every((row) => /^[-+$]?\d[\d.,]*( ?[%A-Za-z]{1,3})?$|^-$/.test(row[column] ?? "")),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric[column] && rows.length > 0 ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  return `${[line(titles), ...rows.map(line)].join("\n")}\n`;
}
