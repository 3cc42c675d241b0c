import type { FastifyInstance } from "fastify";

/** Which methods a path takes, in the order of names; empty for a path that is not there. */
export type AllowedMethods = (url: string) => readonly string[];

/** Notes every route that is added from now on, so that a known path asked with another method can be told from an unknown one. */
export function allowedMethods(app: FastifyInstance): AllowedMethods {
  const routes: { path: RegExp; methods: string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    // Answers a browser's question whether it may ask, at any path.
    if (method === "OPTIONS") return;
    const parts = url.split("/").map((part) => {
      if (part === "*") return ".*";
      return part.startsWith(":") ? "[^/]+" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    });
    routes.push({ path: new RegExp(`^${parts.join("/")}$`), methods: [method].flat() });
  });
  return (url) => {
    const path = url.split("?", 1)[0]!;
    return [...new Set(routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods))].sort();
  };
}
