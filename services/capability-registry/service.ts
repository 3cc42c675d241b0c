import { join } from "node:path";
import { capabilityRegistry } from "../../contracts/services/capability-registry";
import type { Session } from "../../runtime/database/types";
import { checkVersion, defineService, notFound, pageOf, problemsOf, reply } from "../../runtime/service";
import { addEngine, enginesWithAll, findEngine, listEngines } from "./engines/engines";
import { type EngineVersion, parseVersion } from "./engines/version";
import {
  addFeature,
  changeFeature,
  type Feature,
  findFeature,
  findFeatures,
  listFeatures,
  lockFeature,
  removeFeature,
  withRange,
} from "./features/features";
import { type Change, changeBetween, isThere, rangeProblem, statusIn } from "./features/status";

const refuse = problemsOf(capabilityRegistry);

/** Which engine version offers which feature. */
export const service = defineService(capabilityRegistry, {
  migrations: join(__dirname, "schema", "migrations"),
  handlers: {
    async listEngines({ query: { limit, cursor, stage }, kit: { cursors }, read }) {
      const purpose = `engines ${stage}`;
      const after = cursor === undefined ? undefined : cursors.decode(purpose, cursor).version;
      const before = after === undefined ? undefined : parseVersion(String(after)).rank;
      const rows = await read((session) => listEngines(session, { stage, before, limit: limit + 1 }));
      return pageOf(rows, limit, cursors, purpose, ({ version }) => ({ version }));
    },

    getEngine: ({ params, read }) => read((session) => requireEngine(session, parseVersion(params.version))),

    async registerEngine({ params, body, session, kit }) {
      const version = parseVersion(params.version);
      const { engine, added } = await addEngine(session, version, body);
      if (!added) return engine;
      const { stage, releasedAt } = engine;
      await kit.emit(session, {
        type: "engine.version-registered",
        subject: version.text,
        data: { version: version.text, stage, releasedAt: releasedAt?.toISOString() ?? null },
      });
      return reply(engine, { status: 201 });
    },

    async listEngineFeatures({ params, query: { limit, cursor, area }, kit: { cursors }, read }) {
      const version = parseVersion(params.version);
      const purpose = `features of ${version.text} ${area}`;
      const after = cursor === undefined ? undefined : String(cursors.decode(purpose, cursor).name);
      const rows = await read(async (session) => {
        await requireEngine(session, version);
        return listFeatures(session, { area, after, presentIn: version.rank, limit: limit + 1 });
      });
      return pageOf(rows.map(namedIn(version)), limit, cursors, purpose, ({ name }) => ({ name }));
    },

    async compareEngines({ params, query, read }) {
      const [from, to] = [parseVersion(query.from), parseVersion(params.version)];
      const features = await read(async (session) => {
        await requireEngine(session, from);
        await requireEngine(session, to);
        return listFeatures(session, {});
      });
      const that = (change: Change) =>
        features.filter((feature) => changeBetween(feature, from.rank, to.rank) === change).map(namedIn(to));
      return {
        from: from.text,
        to: to.text,
        gained: that("gained"),
        deprecated: that("deprecated"),
        lost: that("lost"),
      };
    },

    async checkNeeds({ query, read }) {
      const need = [...new Set(query.need)].sort();
      const version = query.engine === undefined ? undefined : parseVersion(query.engine);
      const { known, engines } = await read(async (session) => {
        if (version !== undefined) await requireEngine(session, version);
        return { known: await findFeatures(session, need), engines: await enginesWithAll(session, need) };
      });
      const unknown = need.filter((name) => !known.some((feature) => feature.name === name));
      return { engines, unknown, engine: version === undefined ? null : lacks(version, known, unknown) };
    },

    async listFeatures({ query: { limit, cursor, area }, kit: { cursors }, read }) {
      const purpose = `features ${area}`;
      const after = cursor === undefined ? undefined : String(cursors.decode(purpose, cursor).name);
      const rows = await read((session) => listFeatures(session, { area, after, limit: limit + 1 }));
      return pageOf(rows, limit, cursors, purpose, ({ name }) => ({ name }));
    },

    async getFeature({ params, read }) {
      const feature = await read((session) => findFeature(session, params.name));
      if (feature === undefined) throw notFound("feature");
      return reply(feature, { version: feature.version });
    },

    async putFeature({ params: { name }, body, precondition, session }) {
      const wanted = withRange(body);
      const wrong = rangeProblem(wanted);
      if (wrong !== undefined) throw refuse("feature-range", wrong);
      const version = await lockFeature(session, name);
      checkVersion(precondition, version);
      if (version !== undefined) {
        const feature = await changeFeature(session, name, wanted);
        return reply(feature, { version: feature.version });
      }
      const added = await addFeature(session, name, wanted);
      if (added === undefined) {
        // Another request was first, between the look and the write.
        checkVersion({ absent: true }, await lockFeature(session, name));
        throw notFound("feature");
      }
      return reply(added, { status: 201, version: added.version });
    },

    async deleteFeature({ params: { name }, precondition, session }) {
      const version = await lockFeature(session, name);
      if (version === undefined) throw notFound("feature");
      checkVersion(precondition, version);
      await removeFeature(session, name);
    },
  },
});

async function requireEngine(session: Session, version: EngineVersion) {
  const engine = await findEngine(session, version);
  if (engine === undefined)
    throw refuse("engine-unknown", `${version.text} is not registered; GET /engines lists those that are`);
  return engine;
}

/** A feature as it is in an engine version. */
const namedIn =
  ({ rank }: EngineVersion) =>
  (feature: Feature) => ({
    name: feature.name,
    title: feature.title,
    status: statusIn(feature, rank),
    replacedBy: feature.replacedBy,
  });

/** What a version lacks of a need, and what it advises against. */
function lacks(version: EngineVersion, known: readonly Feature[], unknown: readonly string[]) {
  const named = known.map(namedIn(version));
  const missing = named.filter(({ status }) => !isThere(status));
  const deprecated = named.filter(({ status }) => status === "deprecated");
  return { version: version.text, fits: missing.length === 0 && unknown.length === 0, missing, deprecated };
}
