/** Types that no tier declares and that the docs and tests compare with. */
export const comparedTypes = { gold: "g6.xlarge", silver: "g6.2xlarge" } as const;
