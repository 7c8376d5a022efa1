import type { NotDone } from "./check/answers.ts";
import { describe, nameOf } from "./check/attribution.ts";
import { readText } from "./check/catalog.ts";
import type { CatalogRead } from "./check/catalog-seen.ts";
import { type History, linesText, type Violation } from "./check/history.ts";
import { journeyText } from "./check/journeys.ts";
import type { SessionAttempt } from "./check/session-seen.ts";
import { sessionText } from "./check/sessions.ts";
import type { Run } from "./run.ts";

/** What a person wants to know of a run, a line each. */
export function summaryOf({ history, worstLag, recoveredMs, drainedMs }: Run): string[] {
  const { attempts, journeys, arrivals, orderArrivals, reads, versions, sessions, faults } = history;
  const told = [...arrivals, ...orderArrivals];
  const events = [...new Map(told.map(({ id, type }) => [id, type]))];
  const of = (type: string) => events.filter(([, each]) => each === type).length;
  return [
    `requests    ${attempts.length}: ${counted(attempts.map(({ operation }) => operation))}`,
    `answers     ${counted(attempts.map(({ outcome }) => outcomeText(outcome)))}`,
    ...(["merge", "checkout", "cancel", "pay", "fulfil"] as const).map((operation) => {
      const of = journeys.filter((each) => each.operation === operation);
      return `${operation.padEnd(12)}${of.length}: ${counted(of.map(({ outcome }) => outcomeText(outcome)))}`;
    }),
    `moved       ${of("cart.merged")} carts merged, ${of("order.placed")} orders placed, ${of("order.paid")} paid, ${of("order.fulfilled")} fulfilled, ${of("order.cancelled")} cancelled`,
    `left        ${of("cart.expiring")} carts came near their end, ${of("cart.expired")} expired`,
    `catalog     ${reads.length} reads: ${counted(reads.map(readOutcome))}`,
    `caches      ${counted(reads.flatMap(cacheOutcome))}; while ${versions.filter(({ by }) => by === "changed").length} products changed`,
    `sessions    ${sessions.length}: ${counted(sessions.map(sessionOutcome))}`,
    `faults      ${faults.length}: ${counted(faults.map(({ kind }) => kind))}`,
    `events      ${events.length}, ${told.length - events.length} of them told again`,
    `worst lag   ${worstLag.toFixed(1)} s`,
    `recovered   ${(recoveredMs / 1_000).toFixed(1)} s after the last fault, under load`,
    `drained     ${(drainedMs / 1_000).toFixed(1)} s after the last request`,
  ];
}

type AnyOutcome = { kind: "done"; replayed: boolean } | NotDone;

function outcomeText(outcome: AnyOutcome): string {
  if (outcome.kind === "done") return outcome.replayed ? "done (repeated)" : "done";
  return outcome.kind === "refused" ? `refused ${outcome.code}` : `unknown: ${outcome.reason}`;
}

function readOutcome({ answer }: CatalogRead): string {
  if ("lost" in answer) return `lost: ${answer.lost}`;
  return answer.problem === null ? `${answer.status}` : `refused ${answer.problem.code}`;
}

/** What the cache did, of an answer that says so: without its figures. */
function cacheOutcome({ answer }: CatalogRead): string[] {
  const status = "lost" in answer ? null : answer.caching.status;
  if (status === null) return [];
  if (status.includes("detail=stale-if-error")) return ["stale-if-error"];
  if (status.includes("; hit")) return [status.includes("ttl=-") ? "stale-while-revalidate" : "hit"];
  return [status.includes("collapsed") ? "collapsed" : (/fwd=[a-z-]+/.exec(status)?.[0] ?? status)];
}

function sessionOutcome({ operation, outcome }: SessionAttempt): string {
  return `${operation} ${outcome.kind === "done" ? "done" : outcomeText(outcome)}`;
}

function counted(names: readonly string[]): string {
  return [...Map.groupBy(names, (name) => name)]
    .map(([name, { length }]) => ({ name, length }))
    .sort((a, b) => b.length - a.length)
    .map(({ name, length }) => `${length} ${name}`)
    .join(", ");
}

/** A history in the order of time, a line for each thing that happened. */
export function story(history: History): string[] {
  const { attempts, journeys, arrivals, orderArrivals, carts, orders, reads, versions, sessions, faults } =
    history;
  const lines = [
    ...attempts.map((attempt) => ({
      at: attempt.from,
      text: `${describe(attempt)}${attempt.ifMatch === null ? "" : ` if at ${attempt.ifMatch}`}: ${JSON.stringify(attempt.outcome)} after ${attempt.to - attempt.from} ms`,
    })),
    ...journeys.map((journey) => ({
      at: journey.from,
      text: `${journeyText(journey)} ${journey.strategy ?? ""} by ${journey.owner}: ${JSON.stringify(journey.outcome)} after ${journey.to - journey.from} ms`,
    })),
    ...arrivals.map((arrival) => ({
      at: arrival.receivedAt,
      text: `${nameOf(arrival)} of (${arrival.trace?.slice(0, 8) ?? "nobody"}) at ${arrival.occurredAt} arrives: ${JSON.stringify(arrival.data.items)}`,
    })),
    ...orderArrivals.map(({ id, type, subject, version, trace, occurredAt, receivedAt, data }) => ({
      at: receivedAt,
      text: `event ${id} (${type} ${version} of ${subject}, cart ${data.cartId} version ${data.cartVersion}) of (${trace?.slice(0, 8) ?? "nobody"}) at ${occurredAt} arrives: [${linesText(data.items)}]`,
    })),
    ...reads.map((read) => ({
      at: read.from,
      text: `${readText(read)} if none matches ${read.ifNoneMatch} by ${read.owner}: ${JSON.stringify(read.answer)} after ${read.to - read.from} ms`,
    })),
    ...versions.map(({ product, by, from, to }) => ({
      at: from,
      text: `the catalog's ${by} ${JSON.stringify(product)} after ${to - from} ms`,
    })),
    ...sessions.map((attempt) => ({
      at: attempt.from,
      text: `${sessionText(attempt)} by ${attempt.owner}: ${JSON.stringify(attempt.outcome)} after ${attempt.to - attempt.from} ms`,
    })),
    ...faults.map(({ kind, from, to }) => ({ at: from, text: `*** ${kind}, for ${to - from} ms` })),
    ...carts.map(({ cart, from }) => ({ at: from, text: `the cart at rest: ${JSON.stringify(cart)}` })),
  ];
  return [
    ...lines.sort((a, b) => a.at - b.at).map(({ at, text }) => `${at} ${text}`),
    ...orders.map(({ owner, orders }) => `the orders of ${owner} at rest: ${JSON.stringify(orders)}`),
  ];
}

export function violationText({ rule, owner, sentence }: Violation): string {
  return `${rule} (${owner}): ${sentence}`;
}
