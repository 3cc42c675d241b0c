import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { deployRoles } from "../../contracts/deploy-roles";

interface Job {
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly { uses?: string; run?: string; with?: Readonly<Record<string, unknown>> }[];
}

const folder = resolve(__dirname, "..", "..", ".github", "workflows");
const workflows = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));

describe("the workflows", () => {
  for (const { name, text } of workflows) {
    it(`${name} pins every action by commit and says its version, and never runs two of a kind at once`, () => {
      const uses = [...text.matchAll(/uses: (.*)/g)].map(([, action]) => action!);
      assert.deepEqual(
        uses.filter((action) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(action)),
        [],
      );
      assert.match(text, /^concurrency:\n {2}group: /m);
    });
  }

  const textOf = (name: string) => workflows.find((workflow) => workflow.name === name)!.text;
  const jobsOf = (name: string): Record<string, Job> => parse(textOf(name)).jobs;
  const delivering = ["deploy.yml", "ephemeral.yml", "images.yml", "nightly.yml"];

  it("have no right but what a job asks for, and a sign-in only where a role is taken", () => {
    for (const name of delivering) {
      assert.match(textOf(name), /^permissions: \{\}$/m, name);
      for (const [job, { permissions = {}, steps }] of Object.entries(jobsOf(name))) {
        const signsIn = steps.some(({ uses }) => uses?.startsWith("aws-actions/configure-aws-credentials@"));
        assert.equal(permissions["id-token"] === "write", signsIn, `${name}, ${job}`);
        assert.ok(
          !(signsIn && permissions["pull-requests"] === "write"),
          `${name}, ${job} may not both deploy and comment`,
        );
      }
    }
  });

  it("take the role of the environment that they run in, as the shared stack declares both", () => {
    const declared = Object.fromEntries(
      Object.entries(deployRoles).map(([role, { environment }]) => [role, environment]),
    );
    for (const name of delivering) {
      for (const [job, { environment, steps }] of Object.entries(jobsOf(name))) {
        for (const { with: given } of steps) {
          const role = /role\/gaming-ci-([\w-]+)$/.exec(String(given?.["role-to-assume"]))?.[1];
          if (role === undefined) continue;
          // The build role is that of the default branch, without an environment.
          assert.equal(environment, role === "build" ? undefined : declared[role], `${name}, ${job}`);
        }
      }
    }
  });

  it("put nothing that a person wrote into a shell by its text", () => {
    for (const { name } of workflows) {
      for (const [job, { steps }] of Object.entries(jobsOf(name))) {
        for (const { run } of steps) assert.doesNotMatch(run ?? "", /\$\{\{/, `${name}, ${job}`);
      }
    }
  });

  it("never end an update of a stack in the middle", () => {
    for (const name of delivering) assert.match(textOf(name), /cancel-in-progress: false/, name);
  });

  it("install the Pulumi CLI from a lockfile, no older than the SDK of the program", () => {
    const read = (file: string) => JSON.parse(readFileSync(join(folder, "..", file), "utf8"));
    const cli: string = read("cli/package-lock.json").packages["node_modules/pulumi"].version;
    const sdk: string = read("../package.json").dependencies["@pulumi/pulumi"];
    assert.ok(cli.localeCompare(sdk, "en", { numeric: true }) >= 0, `${cli} of the CLI, ${sdk} of the SDK`);
    for (const { text } of workflows) assert.doesNotMatch(text, /npm install/);
  });

  it("give an environment to no pull request of a fork", () => {
    for (const job of ["up", "down"]) {
      assert.match(String(jobsOf("ephemeral.yml")[job]!.if), /head\.repo\.full_name == github\.repository/);
    }
  });

  it("unpack the artefact of a pull request outside of the checkout that the script comes from", () => {
    const { text } = workflows.find(({ name }) => name === "review-comment.yml")!;
    const download = text.slice(text.indexOf("uses: actions/download-artifact"));
    assert.match(download, /path: \$\{\{ runner\.temp \}\}\/review/);
  });
});
