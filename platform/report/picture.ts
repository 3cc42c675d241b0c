import { format } from "../pricing/line";
import { dollars } from "../pricing/render";

/** A box of the picture: an outermost component with what is in it. */
export interface Box {
  readonly name: string;
  readonly resources: number;
  /** Expected dollars a month. */
  readonly usd: number;
  readonly group: BoxGroup;
  /** Names of the boxes that it depends on. */
  readonly uses: readonly string[];
}

export const boxGroups = ["network", "service", "data", "gpu", "operations"] as const;
export type BoxGroup = (typeof boxGroups)[number];

const width = 190;
const height = 46;
const gap = { x: 64, y: 12 };
const margin = 16;
const mostPerColumn = 14;

interface Placed extends Box {
  readonly x: number;
  readonly y: number;
}

/** Draws boxes in columns, what is depended on to the left; what nearly everything uses is drawn without its arrows. */
export function drawPicture(boxes: readonly Box[]): string {
  const columns = splitTall(layers(boxes));
  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const size = {
    x: 2 * margin + columns.length * (width + gap.x) - gap.x,
    y: 2 * margin + tallest * (height + gap.y) - gap.y,
  };
  const placed = columns.flatMap((column, index) =>
    column.map((box, row): Placed => {
      const top = (size.y - column.length * (height + gap.y) + gap.y) / 2;
      return { ...box, x: margin + index * (width + gap.x), y: top + row * (height + gap.y) };
    }),
  );
  const common = new Set(usedByMost(boxes));
  const byName = new Map(placed.map((box) => [box.name, box]));
  const needed = direct(boxes);
  const arrows = placed.flatMap((box) =>
    needed(box)
      .filter((name) => !common.has(name))
      .flatMap((name) => {
        const target = byName.get(name);
        return target === undefined ? [] : [arrow(box, target)];
      }),
  );
  return [
    `<svg viewBox="0 0 ${format(size.x)} ${format(size.y)}" width="${format(size.x)}" height="${format(size.y)}" role="img" aria-label="Architecture" xmlns="http://www.w3.org/2000/svg">`,
    ...arrows,
    ...placed.map((box) => drawBox(box, common.has(box.name))),
    "</svg>",
  ].join("\n");
}

/** Boxes by the longest way to something that depends on nothing. */
function layers(boxes: readonly Box[]): Box[][] {
  const byName = new Map(boxes.map((box) => [box.name, box]));
  const depths = new Map<string, number>();
  const depth = (name: string, above: ReadonlySet<string>): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const uses = (byName.get(name)?.uses ?? []).filter((used) => byName.has(used) && !above.has(used));
    const found = uses.length === 0 ? 0 : 1 + Math.max(...uses.map((used) => depth(used, new Set([...above, name]))));
    depths.set(name, found);
    return found;
  };
  const columns: Box[][] = [];
  for (const box of boxes) {
    const column = depth(box.name, new Set([box.name]));
    columns[column] = [...(columns[column] ?? []), box];
  }
  return columns.map((column) => column.sort((a, b) => boxGroups.indexOf(a.group) - boxGroups.indexOf(b.group)));
}

/** Columns that would be too tall stand in several. */
function splitTall(columns: readonly Box[][]): Box[][] {
  return columns.flatMap((column) => {
    const parts = Math.ceil(column.length / mostPerColumn);
    const each = Math.ceil(column.length / Math.max(1, parts));
    return Array.from({ length: parts }, (_, part) => column.slice(part * each, (part + 1) * each));
  });
}

/** What a box uses and nothing else that it uses does: an arrow that others imply is not drawn. */
function direct(boxes: readonly Box[]): (box: Box) => readonly string[] {
  const byName = new Map(boxes.map((box) => [box.name, box]));
  const reaches = (from: string, to: string, seen: Set<string>): boolean =>
    (byName.get(from)?.uses ?? []).some((name) => {
      if (name === to) return true;
      if (seen.has(name)) return false;
      seen.add(name);
      return reaches(name, to, seen);
    });
  return ({ name, uses }) =>
    uses.filter((used) => !uses.some((other) => other !== used && reaches(other, used, new Set([name]))));
}

function usedByMost(boxes: readonly Box[]): string[] {
  const many = Math.max(4, boxes.length * 0.5);
  return boxes.map(({ name }) => name).filter((name) => boxes.filter(({ uses }) => uses.includes(name)).length > many);
}

function arrow(from: Placed, to: Placed): string {
  const [x1, y1, x2, y2] = [to.x + width, to.y + height / 2, from.x, from.y + height / 2].map((n) => Math.round(n));
  const bend = Math.round(gap.x / 2);
  return `<path class="arrow" data-from="${escapeHtml(from.name)}" data-to="${escapeHtml(to.name)}" d="M${x1},${y1} C${x1! + bend},${y1} ${x2! - bend},${y2} ${x2},${y2}"/>`;
}

function drawBox({ name, resources, usd, group, x, y }: Placed, isCommon: boolean): string {
  const text = `${resources} resource${resources === 1 ? "" : "s"}${usd > 0 ? `, ${dollars(usd)}` : ""}${isCommon ? ", shared" : ""}`;
  return [
    `<g class="box ${group}" transform="translate(${Math.round(x)},${Math.round(y)})" data-name="${escapeHtml(name)}" tabindex="0">`,
    `<rect width="${width}" height="${height}" rx="6"/>`,
    `<text x="10" y="19" class="name">${escapeHtml(cut(name))}</text>`,
    `<text x="10" y="36" class="more">${escapeHtml(text)}</text>`,
    "</g>",
  ].join("");
}

/** A name that fits its box. */
const cut = (name: string): string => (name.length > 25 ? `${name.slice(0, 24)}\u2026` : name);

/** Text for an HTML or SVG body or attribute. */
export function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character]!);
}
