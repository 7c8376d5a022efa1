import { expect } from "chai";
import { KubeError } from "../../platform/kube/kube-error.ts";
import { type ApiScene, openApiScene } from "../../testkit/kube/api-scene.ts";

const PLATFORMS = "cartwright.dev/v1alpha1/cartplatforms";
const REPLAYS = "cartwright.dev/v1alpha1/outboxreplays";
const apiVersion = "cartwright.dev/v1alpha1";

/* The rules of the chart's crds, as a real API server applies them. */
describe("The API server, by the rules of our kinds,", function () {
  this.timeout(400_000);
  let scene: ApiScene;

  before(async function () {
    const opened = await openApiScene();
    if (opened === null) return this.skip();
    scene = opened;
    const relays = { deployment: "shop-outbox-relay", min: 1, max: 4 };
    const spec = { shards: 4, relays };
    await scene.create(PLATFORMS, { apiVersion, kind: "CartPlatform", metadata: { name: "shop" }, spec });
    await replay("all", { all: true });
  });
  after(() => scene?.close());

  const replay = (name: string, selector: object) =>
    scene.create(REPLAYS, { apiVersion, kind: "OutboxReplay", metadata: { name }, spec: { selector } });
  const change = (resource: string, spec: object) =>
    scene.client.patch(scene.path(resource), "merge-patch+json", { spec });

  /** The write is refused as invalid, and the answer says why. */
  async function refuses(write: Promise<unknown>, why: RegExp): Promise<void> {
    const refusal = await write.then(
      () => "it was accepted",
      (err: unknown) => err,
    );
    expect(refusal).to.be.instanceOf(KubeError);
    const { code, message } = refusal as KubeError;
    expect({ code, message }).to.have.property("code", 422);
    expect(message).to.match(why);
  }

  it("keeps the number of shards as it was made", async () => {
    const fixed = /spec\.shards: .*shards is fixed for the life of the data/;
    await refuses(change(`${PLATFORMS}/shop`, { shards: 8 }), fixed);
    await change(`${PLATFORMS}/shop`, { shards: 4, relays: { max: 5 } });
  });

  it("refuses fewer relays at most than at least", async () => {
    const order = /spec\.relays: .*relays\.min must not be above relays\.max/;
    await refuses(change(`${PLATFORMS}/shop`, { relays: { min: 3, max: 2 } }), order);
    await change(`${PLATFORMS}/shop`, { relays: { min: 2, max: 2 } });
  });

  it("keeps a replay as it was asked for", async () => {
    const once = /spec: .*a replay runs once; make another one/;
    await refuses(change(`${REPLAYS}/all`, { dryRun: true }), once);
    await refuses(change(`${REPLAYS}/all`, { selector: { type: "cart.updated" } }), once);
  });

  it("refuses a replay of all that says it is not of all, and one of nothing", async () => {
    await refuses(replay("none", { all: false }), /spec\.selector: .*all is true or absent/);
    await refuses(replay("none", {}), /spec\.selector/);
  });
});
