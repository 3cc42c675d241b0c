import { Cron } from "croner";
import { InputError } from "../../contracts/input-error";
import type { SchedulePlan } from "./plan";

/** One scheduled action at its time in the run. */
export interface ScheduledAction {
  /** Seconds since the start of the run. */
  readonly time: number;
  readonly schedule: SchedulePlan;
}

/**
 * All times within the run at which scheduled actions fire, in order.
 * @param start Moment at which the run begins. @throws InputError where a recurrence is not a cron expression.
 */
export function scheduledActions(
  schedules: readonly SchedulePlan[],
  start: Date,
  durationSeconds: number,
): ScheduledAction[] {
  const end = new Date(start.getTime() + durationSeconds * 1000);
  const actions = schedules.flatMap((schedule) =>
    firings(schedule, start, end).map((date) => ({ time: (date.getTime() - start.getTime()) / 1000, schedule })),
  );
  return actions.sort((a, b) => a.time - b.time);
}

function firings(schedule: SchedulePlan, start: Date, end: Date): Date[] {
  const { recurrence, timeZone = "UTC", startTime, endTime } = schedule;
  const from = startTime === undefined ? start : new Date(Math.max(start.getTime(), Date.parse(startTime)));
  const until = endTime === undefined ? end : new Date(Math.min(end.getTime(), Date.parse(endTime)));
  if (recurrence === undefined) {
    if (startTime === undefined) return [];
    const once = new Date(startTime);
    return once >= start && once < end ? [once] : [];
  }
  const dates: Date[] = [];
  const cron = parse(recurrence, timeZone, schedule.name);
  // croner looks for times after the given one; a firing at the very start belongs to the run.
  for (
    let date = cron.nextRun(new Date(from.getTime() - 1000));
    date !== null && date < until;
    date = cron.nextRun(date)
  ) {
    if (date >= from) dates.push(date);
  }
  return dates;
}

function parse(recurrence: string, timeZone: string, name: string): Cron {
  try {
    return new Cron(recurrence, { timezone: timeZone, mode: "5-part", paused: true });
  } catch {
    throw new InputError({
      path: `schedule ${name}`,
      given: recurrence,
      allowed: "a cron expression of five fields and an IANA time zone",
    });
  }
}
