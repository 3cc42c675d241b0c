import { componentCases } from "./component-cases";
import type { Case } from "./graph";
import { vpcCases } from "./vpc-cases";

/** The configurations whose answers are kept. */
export const cases: readonly Case[] = [...vpcCases, ...componentCases];
