import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { send } from "../../../runtime/openai/http";
import type { Route } from "./route";

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The files of the page, each at its name; the page itself at `/`. */
export function pageRoutes(): [path: string, route: Route][] {
  const folder = join(__dirname, "page");
  return readdirSync(folder).map((name) => {
    const body = readFileSync(join(folder, name));
    const contentType = contentTypes[extname(name)]!;
    const route: Route = { method: "GET", answer: ({ response }) => send(response, 200, contentType, body) };
    return [name === "index.html" ? "/" : `/${name}`, route];
  });
}
