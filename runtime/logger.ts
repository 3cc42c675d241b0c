import pino from "pino";

export type Logger = pino.Logger;

/**
 * Makes the JSON logger of a process: one line per event on standard error, ISO 8601 time, level as a word.
 * @param name The program, for example `gpu-metrics`; stands in every line.
 * @param level Lowest level written. @default `LOG_LEVEL`, else `info`
 */
export function createLogger(name: string, level: string = process.env.LOG_LEVEL ?? "info"): Logger {
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ["authorization", "*.authorization", "headers['x-api-key']", "password", "*.password"] },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}
