import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/**
 * Reads a PEM file with the certificates of one or more authorities. Throws with what
 * is wrong, without the file's contents: it may be a private key by mistake.
 */
export function readAuthority(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new Error(`cannot be read: ${(cause as Error).message}`, { cause });
  }
  const certificates = text.match(CERTIFICATE);
  if (certificates === null) throw new Error("must be a PEM file, and holds no BEGIN CERTIFICATE");
  try {
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (cause) {
    throw new Error("must be a PEM file, and holds a certificate that cannot be parsed", { cause });
  }
  return certificates.join("\n");
}

/** A PEM file with the authorities to trust; its value is the certificates themselves. */
export const authorityFile = () =>
  z.string().transform((path, context) => {
    try {
      return readAuthority(path);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

/**
 * A refinement for `.superRefine(..., { when: () => true })`: `<server>_CA_FILE` without TLS
 * in `<server>_URL` is a fault, because who gives an authority expects an encrypted connection.
 */
export function authorityNeedsTls(server: string, scheme: string) {
  return (config: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void => {
    const [url, file] = [`${server}_URL`, `${server}_CA_FILE`];
    const faulty = context.issues.some((issue) => issue.path?.[0] === url || issue.path?.[0] === file);
    if (faulty || config[file] === undefined || (config[url] as { tls: boolean }).tls) return;
    context.addIssue({
      code: "custom",
      path: [file],
      message: `is for TLS: ${url} must start with ${scheme}://`,
    });
  };
}
