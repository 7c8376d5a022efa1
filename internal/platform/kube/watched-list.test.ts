import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import {
  type Answer,
  type ApiCall,
  listOf,
  type StandInApi,
  standInApi,
} from "../../testkit/kube/stand-in-api.ts";
import type { KubeObject } from "./objects.ts";
import { type WatchedList, watchList } from "./watched-list.ts";

const PATH = "/api/v1/namespaces/shop/pods";
const SILENCE: Answer = { lines: [], ends: "silence" };
const EXPIRED: Answer = {
  lines: [{ type: "ERROR", object: { code: 410, message: "too old resource version" } }],
  ends: "closed",
};

describe("A watched list, on an API server in trouble", () => {
  let api: StandInApi;
  let list: WatchedList<KubeObject> | undefined;

  afterEach(async () => {
    await list?.stop();
    list = undefined;
    await api.close();
  });

  async function watching(answer: (call: ApiCall) => Answer, silenceMs = 60_000): Promise<void> {
    api = await standInApi(answer);
    list = watchList({ client: api.client, path: PATH, changed: () => {}, silenceMs });
  }
  const names = () => list!.items().map(({ metadata }) => metadata.name);
  const sees = (...expected: string[]) =>
    eventually(`it sees ${expected}`, () => expected.join() === names().join());
  const count = (verb: ApiCall["verb"]) => api.calls.filter((call) => call.verb === verb).length;
  const levels = () => api.lines.map(({ level }) => level);

  it("lists anew when the watch says 410, and says nothing of it", async () => {
    await watching(({ verb, nth }) => {
      if (verb === "list") return listOf(nth === 0 ? "old" : "new");
      return nth === 0 ? EXPIRED : SILENCE;
    });
    await sees("new");
    expect(levels()).to.deep.equal([]);
  });

  it("backs off when 410 comes every time, and says so once", async () => {
    await watching(({ verb }) => (verb === "list" ? listOf("one") : EXPIRED));
    await eventually("it tried three times", () => count("watch") >= 3);
    await delay(1_500);
    expect(count("list")).to.be.below(9);
    expect(levels()).to.deep.equal(["warn"]);
  });

  it("waits as long as 429 asks, says so once, and that it is over", async () => {
    const busy: Answer = { status: 429, headers: { "retry-after": "1" } };
    await watching(({ verb, nth }) => {
      if (verb === "watch") return nth === 0 ? busy : SILENCE;
      return nth < 2 ? busy : listOf("one");
    });
    await eventually("a watch is accepted", () => levels().includes("info"));
    const times = api.calls.map(({ at }) => at);
    // Two lists and a watch were answered 429; each next call is a list.
    expect(times[1]! - times[0]!).to.be.at.least(995);
    expect(times[2]! - times[1]!).to.be.at.least(995);
    expect(times[4]! - times[3]!).to.be.at.least(995);
    expect(levels()).to.deep.equal(["warn", "info"]);
  });

  it("backs off from a server that ends every watch at once", async () => {
    await watching(({ verb }) => (verb === "list" ? listOf("one") : { lines: [], ends: "closed" }));
    await eventually("it tried three times", () => count("watch") >= 3);
    await delay(1_500);
    expect(count("list")).to.be.below(9);
  });

  it("takes a watch for dead that says nothing while its socket is open, and lists anew", async () => {
    await watching(({ verb, nth }) => {
      if (verb === "list") return listOf(nth === 0 ? "old" : "new");
      const bookmark = { type: "BOOKMARK", object: { metadata: { resourceVersion: "2" } } };
      return nth === 0 ? { lines: [bookmark], ends: "silence" } : SILENCE;
    }, 300);
    await sees("new");
    const told = api.lines.filter(({ level }) => level === "warn");
    expect(told).to.have.length(1);
    expect(told[0]).to.have.nested.property("err.message", "the watch has said nothing for 300 ms");
  });

  it("lists anew after a line that is not JSON", async () => {
    await watching(({ verb, nth }) => {
      if (verb === "list") return listOf(nth === 0 ? "old" : "new");
      return nth === 0 ? { lines: ["<html>"], ends: "silence" } : SILENCE;
    });
    await sees("new");
    await eventually("it says that it is over", () => levels().join() === "warn,info");
  });

  it("stops at once while a watch is not even answered", async () => {
    await watching(({ verb }) => (verb === "list" ? listOf("one") : "nothing"));
    await eventually("it asked for the watch", () => count("watch") === 1);
    await list!.stop();
    list = undefined;
    expect(levels()).to.deep.equal([]);
  });
});
