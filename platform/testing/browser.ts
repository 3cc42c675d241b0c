import { existsSync } from "node:fs";

/** Where Debian, Ubuntu and macOS put a browser that can be driven. */
const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser to test with: `CHROMIUM`, or one that is installed; undefined where there is none. */
export function findBrowser(): string | undefined {
  return [process.env.CHROMIUM ?? "", ...places].find((path) => path !== "" && existsSync(path));
}

/** Start options that keep Chromium from looking for anything but the page. */
export const quietBrowser = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];
