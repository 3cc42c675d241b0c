// Judges evidence by the rules, exceptions, prices and tables of the checkout that this file is in: evidence on standard input, the
// answer on descriptor 3, both as `v8.serialize` writes them. A later version of `platform review` starts it in a pull request's base.
const { readFileSync, writeFileSync } = require("node:fs");
const { deserialize, serialize } = require("node:v8");

require("../../runtime/load-typescript.cjs");
const { judge } = require("./judge.ts");
const { answerVersion, ownRulebook } = require("./rulebook.ts");

const evidence = deserialize(readFileSync(0));
writeFileSync(3, serialize({ version: answerVersion, review: judge(evidence), rulebook: ownRulebook() }));
