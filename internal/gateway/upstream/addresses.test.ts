import { expect } from "chai";
import { eventually } from "../../testkit/eventually.ts";
import { recordingLogger } from "../../testkit/recording-logger.ts";
import { type Address, watchAddresses } from "./addresses.ts";

describe("The addresses of a service", () => {
  let stop = () => {};
  let told: (readonly Address[])[];
  let answers: Record<string, readonly string[]>;
  let asked: number;
  const { log, lines } = recordingLogger();
  beforeEach(() => {
    told = [];
    answers = {};
    asked = 0;
    lines.length = 0;
  });
  afterEach(() => stop());

  function watch(...urls: string[]): void {
    const resolve = async (name: string) => {
      asked++;
      const ips = answers[name];
      if (ips === undefined) throw new Error(`no such name: ${name}`);
      return ips;
    };
    const onChange = (addresses: readonly Address[]) => void told.push(addresses);
    ({ stop } = watchAddresses({ urls, onChange, name: "cart", log, resolve, everyMs: 5 }));
  }
  const keys = () => told.at(-1)?.map(({ key }) => key);
  const oneMoreLook = async () => {
    const before = asked;
    await eventually("it was resolved again", () => asked >= before + 2);
  };

  it("are those of a list, as they are, and are not resolved", () => {
    watch("http://10.0.0.2:8080", "http://10.0.0.1:8080", "http://[fd00::1]", "http://10.0.0.1:8080/");
    expect(keys()).to.deep.equal(["10.0.0.1:8080", "10.0.0.2:8080", "[fd00::1]:80"]);
    expect(asked).to.equal(0);
  });

  it("are all that a name has, with the name to check a certificate for", async () => {
    answers.cart = ["10.0.0.2", "10.0.0.1", "fd00::1"];
    watch("https://cart/base");
    await eventually("resolved", () => told.length === 2);
    expect(keys()).to.deep.equal(["10.0.0.1:443", "10.0.0.2:443", "[fd00::1]:443"]);
    expect(told.at(-1)?.map(({ ip }) => ip)).to.deep.equal(["10.0.0.1", "10.0.0.2", "fd00::1"]);
    expect(new Set(told.at(-1)?.map(({ url }) => url.href))).to.deep.equal(new Set(["https://cart/base"]));
  });

  it("begin with the name itself, until it is resolved", () => {
    watch("http://cart:8080");
    expect(told).to.have.length(1);
    expect(told[0]?.map(({ key, ip }) => [key, ip])).to.deep.equal([["cart:8080", null]]);
  });

  it("follow the name, and are told of only when they differ", async () => {
    answers.cart = ["10.0.0.1"];
    watch("http://cart:8080");
    await eventually("resolved", () => told.length === 2);
    answers.cart = ["10.0.0.3", "10.0.0.1"];
    await eventually("one more", () => told.length === 3);
    expect(keys()).to.deep.equal(["10.0.0.1:8080", "10.0.0.3:8080"]);
    answers.cart = ["10.0.0.1", "10.0.0.3"];
    await oneMoreLook();
    expect(told).to.have.length(3);
  });

  it("stay as they were while the name cannot be resolved, which is logged once", async () => {
    answers.cart = ["10.0.0.1"];
    watch("http://cart:8080");
    await eventually("resolved", () => told.length === 2);
    delete answers.cart;
    await oneMoreLook();
    answers.cart = [];
    await oneMoreLook();
    expect(keys()).to.deep.equal(["10.0.0.1:8080"]);
    expect(lines.filter(({ level }) => level === "warn")).to.have.length(1);
  });

  it("of one name stay when another cannot be resolved", async () => {
    answers.b = ["10.0.0.2"];
    watch("http://a:80", "http://b:80");
    await eventually("the other is resolved", () => keys()?.includes("10.0.0.2:80"));
    expect(keys()).to.deep.equal(["10.0.0.2:80", "a:80"]);
  });
});
