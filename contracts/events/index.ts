import { engineEvents } from "./engine";

/** Every event of the platform, by type: dotted, past tense. */
export const eventTypes = { ...engineEvents } as const;

export type EventType = keyof typeof eventTypes;
