import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { openGate, type TcpGate } from "../../testkit/tcp-gate.ts";
import { Registry } from "../metrics/metrics.ts";
import { createKubeClient, type KubeClient } from "./kube-client.ts";
import { electLeader } from "./leader.ts";
import type { KubeObject } from "./objects.ts";
import { watchList } from "./watched-list.ts";

/** Long enough for a machine that is busy with ten other things. */
const LEASE_SECONDS = 20;

describe("Connections to a real API server that are lost", function () {
  this.timeout(180_000);
  let scene: ApiScene;
  let gate: TcpGate;
  let client: KubeClient;
  let recorded: ReturnType<typeof recordingLogger>;

  before(async function () {
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    scene = opened;
  });
  after(() => scene?.close());
  beforeEach(async () => {
    gate = await openGate(scene.server);
    recorded = recordingLogger();
    const config = scene.server.admin(gate.port);
    client = createKubeClient({ config, fieldManager: "test", registry: new Registry(), log: recorded.log });
  });
  afterEach(() => gate?.close());

  const levels = () => recorded.lines.map(({ level }) => level);
  const addMap = (name: string) => scene.create("configmaps", { metadata: { name } });
  const maps = (changed = () => {}, silenceMs = 60_000) =>
    watchList<KubeObject>({ client, path: scene.path("configmaps"), changed, silenceMs });
  const seeing = (list: ReturnType<typeof maps>, name: string) =>
    eventually(`it sees ${name}`, () => list.items().some(({ metadata }) => metadata.name === name), {
      timeoutMs: 60_000,
    });

  it("a watch sees what came while the server was away, says so once, and that it is back", async () => {
    const list = maps();
    await addMap("before");
    await seeing(list, "before");
    gate.shut();
    await addMap("meanwhile");
    await eventually("it was told of", () => levels().length > 0);
    gate.open();
    await seeing(list, "meanwhile");
    await eventually("it is back", () => levels().join() === "warn,info");
    await list.stop();
  });

  it("a watch whose connection says nothing more, without being closed, is left for another", async () => {
    const list = maps(() => {}, 2_000);
    await addMap("listed");
    await seeing(list, "listed");
    await addMap("heard");
    await seeing(list, "heard");
    gate.strand();
    await addMap("unheard");
    await seeing(list, "unheard");
    await list.stop();
  });

  it("a stranded connection costs the calls that met it, and no others", async () => {
    const ask = () => client.get(scene.path("configmaps"), undefined, { timeoutMs: 1_000 });
    for (let call = 0; call < 3; call++) await ask();
    gate.strand();
    expect(await ask().catch((err: Error) => err.name)).to.equal("TimeoutError");
    await eventually("another connection is taken", async () => (await ask()) !== null);
  });

  it("a leader whose connection is stranded renews over another in time", async () => {
    let gained = 0;
    const election = electLeader({
      client,
      namespace: scene.namespace,
      name: "stranded",
      identity: "one",
      leaseSeconds: LEASE_SECONDS,
      gained: () => gained++,
      log: recorded.log,
    });
    await eventually("it leads", election.leading);
    for (let round = 0; round < 2; round++) {
      const renewed = await renewalOf("stranded");
      gate.strand();
      await renewedAfter("stranded", renewed);
    }
    expect([gained, election.leading()]).to.deep.equal([1, true]);
    await election.stop();
    expect(await holderOf("stranded")).to.equal("");
  });

  it("a leader renews after somebody else wrote its lease (409), and is still the only one", async () => {
    const elections = ["one", "two"].map((identity) =>
      electLeader({
        client,
        namespace: scene.namespace,
        name: "contended",
        identity,
        leaseSeconds: LEASE_SECONDS,
        gained: () => {},
        log: recorded.log,
      }),
    );
    const leaders = () => elections.filter((election) => election.leading()).length;
    await eventually("one leads", () => leaders() === 1);
    const holder = await holderOf("contended");
    for (let round = 0; round < 3; round++) {
      const metadata = { annotations: { round: String(round) } };
      const renewed = await renewalOf("contended");
      await scene.client.patch(lease("contended"), "merge-patch+json", { metadata });
      await renewedAfter("contended", renewed);
      expect(leaders()).to.be.at.most(1);
    }
    expect(await holderOf("contended")).to.equal(holder);
    expect(levels()).not.to.include("warn");
    for (const election of elections) await election.stop();
  });

  const lease = (name: string) => scene.path(`coordination.k8s.io/v1/leases/${name}`);
  type Lease = KubeObject & { spec: { renewTime: string; holderIdentity: string } };
  const renewalOf = async (name: string) => (await scene.client.get<Lease>(lease(name))).spec.renewTime;
  const renewedAfter = (name: string, renewal: string) =>
    eventually("it renews", async () => (await renewalOf(name)) !== renewal, {
      timeoutMs: 60_000,
      intervalMs: 100,
    });
  const holderOf = async (name: string) =>
    (await scene.client.get<Lease>(lease(name))).spec.holderIdentity ?? "";
});
