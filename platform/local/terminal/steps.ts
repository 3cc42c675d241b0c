/** One resource, or a few, on their way up. */
export interface Step {
  /** @param note What stands for it here, in a few words. */
  done(note: string): void;
  fail(): void;
}

/** The tree of what comes up, as `pulumi up` shows it: redrawn in place on a terminal, a line for each that is up elsewhere. */
export interface Steps {
  /** @param depth How far below the stack. @param type Pulumi's type, shortened. */
  begin(depth: number, type: string, name: string): Step;
  /** A line of its own. */
  say(line: string): void;
  /** Ends the drawing; the last picture stays, and what ends later is not shown any more. */
  end(): void;
}

interface Row {
  readonly depth: number;
  readonly type: string;
  readonly name: string;
  readonly since: number;
  ended?: number;
  status: "creating" | "created" | "failed";
  note: string;
}

const typeWidth = 38;
const nameWidth = 26;

/** @param live True for a terminal that can be redrawn. */
export function createSteps(stream: NodeJS.WritableStream & { columns?: number }, live: boolean): Steps {
  const rows: Row[] = [];
  let drawn = 0;
  let over = false;
  const timer = live ? setInterval(() => redraw(), 500) : undefined;
  timer?.unref();

  function erase(): void {
    if (drawn > 0) stream.write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  }

  function redraw(): void {
    if (timer === undefined || over) return;
    erase();
    const width = stream.columns ?? 120;
    for (const row of rows) stream.write(`${line(row).slice(0, width - 1)}\n`);
    drawn = rows.length;
  }

  return {
    begin(depth, type, name) {
      const row: Row = { depth, type, name, since: Date.now(), status: "creating", note: "" };
      rows.push(row);
      redraw();
      const finish = (status: Row["status"], note: string): void => {
        Object.assign(row, { status, note, ended: Date.now() });
        if (timer === undefined && !over) stream.write(`${line(row)}\n`);
        else redraw();
      };
      return { done: (note) => finish("created", note), fail: () => finish("failed", "") };
    },
    say(text) {
      erase();
      stream.write(`${text}\n`);
      redraw();
    },
    end() {
      redraw();
      clearInterval(timer);
      over = true;
      drawn = 0;
    },
  };
}

function line({ depth, type, name, since, ended, status, note }: Row): string {
  const branch = depth === 0 ? "" : `${"   ".repeat(depth - 1)}├─ `;
  const seconds = Math.round(((ended ?? Date.now()) - since) / 1000);
  const mark = status === "created" ? "+" : status === "failed" ? "x" : " ";
  const columns = `${(branch + type).padEnd(typeWidth)}${name.padEnd(nameWidth)}`;
  return ` ${mark} ${columns}${`${status} (${seconds}s)`.padEnd(15)} ${note}`.trimEnd();
}
