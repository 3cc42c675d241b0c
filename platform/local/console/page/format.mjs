// Figures as people read them; no line breaks before a unit.

const number = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });
const clockFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

export const count = (value) => number.format(value);
export const plural = (value, word) => `${count(value)} ${word}${value === 1 ? "" : "s"}`;
export const clock = (at) => clockFormat.format(at);
export const mebibytes = (value) =>
  value === undefined ? "" : value >= 1024 ? `${(value / 1024).toFixed(2)}\u00a0GiB` : `${Math.round(value)}\u00a0MiB`;
export const milliseconds = (value) =>
  value >= 1000 ? `${(value / 1000).toFixed(1)}\u00a0s` : `${Math.round(value)}\u00a0ms`;

/** `4 min`, `2 h 05 min`. */
export function duration(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.max(0, Math.floor(ms / 1000))}\u00a0s`;
  if (minutes < 60) return `${minutes}\u00a0min`;
  return `${Math.floor(minutes / 60)}\u00a0h\u00a0${String(minutes % 60).padStart(2, "0")}\u00a0min`;
}

const units = { Percent: "%", Milliseconds: "ms", Bytes: "B", "Bytes/Second": "B/s", Watts: "W" };
/** A value in CloudWatch's unit. */
export const measure = (value, unit) => (unit in units ? `${count(value)}\u00a0${units[unit]}` : count(value));
