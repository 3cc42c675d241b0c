import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..", "..");
const fixture = join(repository, "platform", "plan", "fixtures", "written-program");

/** A project whose main branch gets a database after a branch left it. */
describe("a branch that is behind its base", () => {
  let project = "";
  const git = (folder: string, ...args: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  const bucket = { type: "aws:s3/bucket:Bucket", name: "saves", inputs: { forceDestroy: false } };
  const database = { type: "aws:rds/instance:Instance", name: "db", inputs: { storageEncrypted: true } };
  const vpc = { type: "aws:ec2/vpc:Vpc", name: "net", inputs: {} };
  const commit = (resources: object[]): void => {
    const file = join(project, "Pulumi.prod.yaml");
    writeFileSync(file, `config:\n  shop:resources: '${JSON.stringify(resources)}'\n`);
    git(project, "add", ".");
    git(project, "commit", "--quiet", "-m", "change");
  };
  const review = (folder: string) => {
    const command = join(repository, "platform", "bin", "platform.cjs");
    const { status, stdout } = spawnSync(process.execPath, [command, "review", "--base", "main"], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, PULUMI_STACK: "", NO_COLOR: "1" },
    });
    return { status, stdout };
  };

  before(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "platform-behind-")));
    cpSync(fixture, project, { recursive: true });
    cpSync(join(repository, "package-lock.json"), join(project, "package-lock.json"));
    writeFileSync(join(project, ".gitignore"), "node_modules\n.platform\n");
    symlinkSync(join(repository, "node_modules"), join(project, "node_modules"));
    git(project, "init", "--quiet", "--initial-branch=main");
    commit([bucket]);
    git(project, "checkout", "--quiet", "-b", "feature");
    commit([bucket, vpc]);
    git(project, "checkout", "--quiet", "main");
    commit([bucket, database]);
    git(project, "checkout", "--quiet", "feature");
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  it("is compared with the commit where it left, and says how far behind it is", () => {
    const { status, stdout } = review(project);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /Compared with `main`\. The branch left it at [0-9a-f]{7} and is 1 commit behind/);
    assert.match(stdout, /\| prod \| 1 \| 0 \| 0 \| 0 \|/);
    assert.doesNotMatch(stdout, /aws:rds/);
  });

  it("says when the clone does not have that commit", () => {
    const clone = `${project}-clone`;
    try {
      git(project, "clone", "--quiet", "--depth", "1", "--no-single-branch", `file://${project}`, clone);
      git(clone, "fetch", "--quiet", "origin", "main:main");
      symlinkSync(join(repository, "node_modules"), join(clone, "node_modules"));
      assert.match(review(clone).stdout, /does not have the commit where the branch left it/);
    } finally {
      rmSync(clone, { recursive: true, force: true });
    }
  });
});
