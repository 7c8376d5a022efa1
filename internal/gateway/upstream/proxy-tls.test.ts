import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect } from "chai";
import { makeCertificates } from "../../testkit/certificates.ts";
import { playUpstream } from "../../testkit/gateway-scene.ts";

describe("The gateway and an upstream over TLS", () => {
  const scene = playUpstream();
  const { call, warnings, gatewayBefore, onClose } = scene;
  const trusted = getCACertificates("default");
  const certificates = makeCertificates();
  afterEach(() => setDefaultCACertificates(trusted));

  async function secureUpstream(): Promise<{ port: number; hosts: (string | undefined)[] }> {
    const hosts: (string | undefined)[] = [];
    const files = { cert: readFileSync(certificates.certFile), key: readFileSync(certificates.keyFile) };
    const server = createServer(files, (req, res) => {
      hosts.push(req.headers.host);
      res.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onClose(() => void server.close().closeAllConnections());
    return { port: (server.address() as AddressInfo).port, hosts };
  }

  it("asks it under its own name, which the certificate is checked for", async () => {
    setDefaultCACertificates([...trusted, certificates.ca]);
    const { port, hosts } = await secureUpstream();
    await gatewayBefore(`https://localhost:${port}`);
    expect((await call()).status).to.equal(200);
    expect(hosts).to.deep.equal([`localhost:${port}`]);
  });

  it("asks nothing of one whose authority it does not know: 502, and the reason is logged", async () => {
    const { port, hosts } = await secureUpstream();
    await gatewayBefore(`https://localhost:${port}`);
    expect((await call()).status).to.equal(502);
    expect(hosts).to.deep.equal([]);
    expect(JSON.stringify(warnings())).to.match(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
  });

  it("asks the catalog in the same way, and nothing of one that it does not know", async () => {
    const { port, hosts } = await secureUpstream();
    const url = `https://localhost:${port}`;
    const read = () => fetch(`${scene.gateway.url}/api/catalog/products`);
    await gatewayBefore(url);
    expect((await read()).status).to.equal(502);
    expect(JSON.stringify(warnings())).to.match(/UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    setDefaultCACertificates([...trusted, certificates.ca]);
    await gatewayBefore(url);
    expect((await read()).status).to.equal(200);
    expect(hosts).to.deep.equal([`localhost:${port}`]);
  });
});
