import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watch } from "./guard.ts";

/** PEM files of a server on localhost and 127.0.0.1, signed by an authority that nobody else knows. */
export interface TestCertificates {
  readonly dir: string;
  readonly caFile: string;
  readonly ca: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Makes an authority and a server's certificate by openssl; they go with the test run. */
export function makeCertificates(): TestCertificates {
  const dir = mkdtempSync(join(tmpdir(), "cartwright-tls-"));
  watch({ dir });
  const path = (name: string) => join(dir, name);
  const make = (name: string, ...args: string[]) =>
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
      ].concat(["-keyout", path(`${name}.key`), "-out", path(`${name}.pem`)], args),
      { stdio: "pipe" },
    );
  make("ca", "-subj", "/CN=an authority of this test run");
  const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
  const signed = [
    "-CA",
    path("ca.pem"),
    "-CAkey",
    path("ca.key"),
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  make("server", "-subj", "/CN=localhost", "-addext", names, ...signed);
  return {
    dir,
    caFile: path("ca.pem"),
    ca: readFileSync(path("ca.pem"), "utf8"),
    certFile: path("server.pem"),
    keyFile: path("server.key"),
  };
}
