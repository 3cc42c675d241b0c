import { believable, type GpuField, isSentinel } from "../gpu/fields";
import type { EntityKind, GpuReading, GpuValues } from "../gpu/reading";

/** What one line of `dcgmi dmon` means. */
export type DmonLine =
  | { readonly type: "header" }
  | { readonly type: "row"; readonly reading: GpuReading; readonly dropped: readonly string[] }
  /** A row of an entity that no metric is made of: links, switches, CPUs, vGPUs, compute instances. */
  | { readonly type: "other-entity" }
  | { readonly type: "blank" }
  /** Text of dcgmi itself, on standard output like everything else. */
  | { readonly type: "error"; readonly text: string; readonly reason: DmonErrorReason }
  | { readonly type: "stopped" }
  | { readonly type: "unreadable"; readonly reason: UnreadableReason };

/** `fields` means that the host engine refuses some of the fields; fewer may work. */
export type DmonErrorReason = "fields" | "no-data" | "other";
export type UnreadableReason = "no-header" | "cell-count" | "misaligned" | "not-a-number" | "unknown-text";

interface Column {
  /** First character of the column. */
  readonly start: number;
  /** One past the last character; right-aligned cells end here. */
  readonly end: number;
  readonly field: GpuField | undefined;
}

interface Layout {
  readonly align: "left" | "right";
  readonly entityWidth: number;
  readonly columns: readonly Column[];
  /** Length of the header line; undefined where whatever printed it cut the padding. */
  readonly rowLength: number | undefined;
}

const entityPattern =
  /^(\s*)(GPU-CI|GPU-I|GPU|vGPU|Switch|SW|ConnectX|CPU Core|CPU|CORE|UNKNOWN|NONE)\s(\d+)( LINK \d+)?(?=\s|$)/i;
const errorPattern = /^\s*(error|unable|unknown field|no data|no devices|expected|cannot|failed|return:|dcgm)/i;
const fieldErrorPattern = /setting watches|running as root|newer driver version|unknown field|not supported|field/i;

/**
 * Reads `dcgmi dmon` of DCGM 2.1 to 4.7, line by line. Lines must be complete: what stands before the last line feed of a killed
 * child is no line.
 *
 * Three layouts exist. 2.1 aligns to the right, and its rows are wider than its header. 2.4 to 3.3 align to the left under an
 * entity column of 10 and leave absent cells out, so that the rest moves left: such a row says nothing for certain and is
 * rejected. From 4.0 (entity column of 11, 16 from 4.5) absent cells are blanks. The alignment and widths are taken from the
 * header, which comes again every 14 batches; each cell must begin (left) or end (right) exactly where its column does.
 * Source: dcgmi/DeviceMonitor.cpp of those releases.
 */
export class DmonParser {
  private layout: Layout | undefined;

  /** @param requested The fields of the `-e` option, in its order. */
  constructor(private readonly requested: readonly GpuField[]) {}

  parse(line: string): DmonLine {
    const text = line.replace(/\r$/, "");
    if (text.trim() === "") return { type: "blank" };
    if (/^#\s*Entity\b/i.test(text)) return this.readHeader(text);
    if (/^\s*ID(\s|$)/i.test(text)) return { type: "header" };
    if (/^\s*dmon was stopped/.test(text)) return { type: "stopped" };
    const entity = entityPattern.exec(text);
    if (entity !== null) return this.readRow(text, entity);
    if (errorPattern.test(text)) {
      const reason = /no data/i.test(text) ? "no-data" : fieldErrorPattern.test(text) ? "fields" : "other";
      return { type: "error", text: text.trim(), reason };
    }
    return { type: "unreadable", reason: "unknown-text" };
  }

  private readHeader(text: string): DmonLine {
    this.layout = undefined;
    const titles = [...text.matchAll(/\S+/g)].map((match) => ({ name: match[0], start: match.index }));
    // "#Entity" is one title; "# Entity" of 2.1 is two.
    const align = titles[0]?.name === "#" ? "right" : "left";
    const cells = titles.slice(align === "right" ? 2 : 1);
    const fields = this.matchFields(cells.map((cell) => cell.name));
    if (fields === undefined || cells.length === 0) return { type: "unreadable", reason: "cell-count" };
    const length = text.length;
    const columns = cells.map(({ name, start }, index): Column => {
      const next = cells[index + 1]?.start ?? length;
      return align === "left"
        ? { start, end: next, field: fields[index] }
        : { start, end: start + name.length, field: fields[index] };
    });
    const padded = /\s$/.test(text);
    const entityWidth = align === "left" ? (cells[0]?.start ?? 0) : 8;
    this.layout = { align, entityWidth, columns, rowLength: align === "left" && padded ? length : undefined };
    return { type: "header" };
  }

  /** Fields by their titles; a title that is not known is taken by its place where all the others stand at theirs. */
  private matchFields(titles: readonly string[]): readonly (GpuField | undefined)[] | undefined {
    const byName = new Map(this.requested.map((field) => [field.shortName, field]));
    const samePlaces =
      titles.length === this.requested.length &&
      titles.every((title, index) => !byName.has(title) || this.requested[index]?.shortName === title);
    const fields = titles.map((title, index) => byName.get(title) ?? (samePlaces ? this.requested[index] : undefined));
    const known = fields.filter((field) => field !== undefined);
    return new Set(known).size === known.length && known.length > 0 ? fields : undefined;
  }

  private readRow(text: string, entity: RegExpExecArray): DmonLine {
    const layout = this.layout;
    if (layout === undefined) return { type: "unreadable", reason: "no-header" };
    const kind = entityKind(entity[2] ?? "", entity[4]);
    if (kind === undefined) return { type: "other-entity" };
    const cells = layout.align === "left" ? leftCells(text, entity, layout) : rightCells(text, entity, layout);
    if (typeof cells === "string") return { type: "unreadable", reason: cells };
    const values: GpuValues = {};
    const dropped: string[] = [];
    for (const [index, column] of layout.columns.entries()) {
      const cell = cells[index] ?? "";
      if (column.field === undefined || isMissing(cell)) continue;
      if (!/^-?\d+(\.\d+)?$/.test(cell)) return { type: "unreadable", reason: "not-a-number" };
      const number = Number(cell);
      if (isSentinel(number)) continue;
      const value = believable(column.field, number);
      if (value === undefined) dropped.push(column.field.shortName);
      else values[column.field.key] = value;
    }
    return { type: "row", reading: { kind, index: Number(entity[3]), values }, dropped };
  }
}

function entityKind(name: string, link: string | undefined): EntityKind | undefined {
  if (link !== undefined) return undefined;
  if (name === "GPU") return "gpu";
  return name === "GPU-I" ? "gpu-instance" : undefined;
}

/** A cut value ends in dots; DCGM prints all its kinds of "no value" as N/A, and C++ prints INF and NAN. */
function isMissing(cell: string): boolean {
  return cell === "" || cell === "N/A" || cell.endsWith("...") || /^-?(inf|nan)$/i.test(cell);
}

/** Entity columns of 11 and more belong to releases that print blanks for absent cells. */
const blanksFromEntityWidth = 11;

function leftCells(text: string, entity: RegExpExecArray, layout: Layout): readonly string[] | UnreadableReason {
  if (entity[1] !== "" || entity[0].length > layout.entityWidth) return "misaligned";
  if (text.slice(entity[0].length, layout.entityWidth).trim() !== "") return "misaligned";
  if (layout.rowLength !== undefined && text.length !== layout.rowLength) return "cell-count";
  const last = layout.columns.length - 1;
  const cells: string[] = [];
  for (const [index, { start, end }] of layout.columns.entries()) {
    // A last column without padding in the header may hold a longer value.
    const cell = index === last && layout.rowLength === undefined ? text.slice(start) : text.slice(start, end);
    const trimmed = cell.trimEnd();
    if (trimmed !== "" && /^\s/.test(trimmed)) return "misaligned";
    if (/\s/.test(trimmed)) return "misaligned";
    if (index < last && trimmed !== "" && cell.length - trimmed.length < 2) return "misaligned";
    cells.push(trimmed);
  }
  const blanks = cells.filter((cell) => cell === "").length;
  const blanksAllowed = layout.entityWidth >= blanksFromEntityWidth && layout.rowLength !== undefined;
  return blanks > 0 && !blanksAllowed ? "cell-count" : cells;
}

function rightCells(text: string, entity: RegExpExecArray, layout: Layout): readonly string[] | UnreadableReason {
  const cells = [...text.slice(entity[0].length).matchAll(/\S+/g)];
  if (cells.length !== layout.columns.length) return "cell-count";
  // The entity's name fills its column, its number hangs over: every cell stands that much further right than its title.
  const shift = entity[0].length - layout.entityWidth;
  if ((entity[1] ?? "").length + (entity[2] ?? "").length !== layout.entityWidth) return "misaligned";
  const inPlace = cells.every((cell, index) => {
    const end = entity[0].length + cell.index + cell[0].length;
    return end === (layout.columns[index]?.end ?? -1) + shift;
  });
  return inPlace ? cells.map((cell) => cell[0]) : "misaligned";
}
