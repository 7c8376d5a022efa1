import type { CatalogAnswer, CatalogRead, SeenProblem } from "./catalog-seen.ts";
import type { Sold } from "./catalog-sold.ts";
import type { Fault } from "./history.ts";

/** What a read of the catalog may be refused with, and when. */
const PROBLEMS: Readonly<Record<string, { readonly status: number; readonly when: "unsold" | "faulty" }>> = {
  PRODUCT_NOT_FOUND: { status: 404, when: "unsold" },
  UPSTREAM_UNAVAILABLE: { status: 502, when: "faulty" },
  UPSTREAM_TIMEOUT: { status: 504, when: "faulty" },
};

/** Faults that keep a gateway from the catalog. */
const IN_THE_WAY = /^(catalog|gateway|gateway to catalog) /;
/** For how long they may be felt, ms: requests wait, and an address that was left out is tried again. */
const AFTERMATH_MS = 15_000;

/** Why a refusal must not be, or is no problem document (RFC 9457); null when it may. */
export function wrongProblem(
  { path, asked, from, to }: CatalogRead,
  { status, contentType, problem }: CatalogAnswer,
  sold: Sold,
  faults: readonly Fault[],
): { rule: string; what: string } | null {
  const wrong = malformed(problem, status, path);
  if (wrong !== null || !/^application\/problem\+json\b/.test(contentType ?? ""))
    return { rule: "malformed-problem", what: `was answered ${status} ${contentType} ${wrong ?? ""}`.trim() };
  const code = problem?.code ?? "";
  const kind = PROBLEMS[code];
  const isDue =
    kind?.when === "unsold"
      ? asked.some((id) => !sold.ids.has(id))
      : faults.some(
          (fault) => IN_THE_WAY.test(fault.kind) && fault.from <= to && fault.to >= from - AFTERMATH_MS,
        );
  if (kind?.status === status && isDue) return null;
  return { rule: "wrong-refusal", what: `was refused with ${status} ${code}, for no reason` };
}

/** What is wrong with the document itself; null for nothing. */
function malformed(problem: SeenProblem | null, status: number, path: string): string | null {
  if (problem === null) return "without a document";
  const { type, title, detail, code, instance } = problem;
  const due = `urn:cartwright:problem:${code?.toLowerCase().replaceAll("_", "-")}`;
  if (!/^[A-Z][A-Z_]*$/.test(code ?? "") || type !== due) return `code ${code} of type ${type}`;
  if (problem.status !== status) return `status ${problem.status}`;
  if (!title || !detail) return `title ${title}, detail ${detail}`;
  return instance === path.split("?", 1)[0] ? null : `instance ${instance}`;
}
