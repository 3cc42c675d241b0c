import type { ProviderPlugin } from "../plugin";
import { aws } from "./aws";
import { awsx } from "./awsx";

/** Every package the engine can answer for. */
export const plugins: readonly ProviderPlugin[] = [aws, awsx];
