// Pulumi starts a policy pack from JavaScript; the rules are TypeScript, loaded as Pulumi.yaml loads the stack program.
require("../runtime/load-typescript.cjs");
require("./pack.ts");
