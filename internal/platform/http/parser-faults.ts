import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { Counter, type Registry } from "../metrics/metrics.ts";
import { HTTP_PROBLEMS } from "../problem/catalogue.ts";
import { type Problem, renderProblem } from "../problem/problem.ts";
import type { Turns } from "./turns.ts";

const TIMED_OUT: Problem = {
  code: "REQUEST_TIMEOUT",
  detail: "The request did not arrive in time; send it again on a new connection.",
};
const MALFORMED: Problem = { code: "INVALID_REQUEST", detail: "This is not a well-formed HTTP/1.1 request." };
const EXPECTS: Problem = {
  code: "EXPECTATION_FAILED",
  detail: "Expect may be 100-continue, or absent.",
  errors: [{ field: "Expect", message: "may be 100-continue, or absent" }],
};
const CODED: Problem = {
  code: "TRANSFER_CODING_NOT_SUPPORTED",
  detail: "Transfer-Encoding may be chunked, or absent.",
  errors: [{ field: "Transfer-Encoding", message: "may be chunked, or absent" }],
};
const TUNNEL: Problem = {
  code: "METHOD_NOT_ALLOWED",
  detail: "This server opens no tunnels.",
  errors: [{ field: "method", message: "may not be CONNECT" }],
  headers: { allow: "GET, HEAD, POST, PUT, DELETE, OPTIONS" },
};
const PROBLEMS = new Map<string | undefined, Problem>([
  ["ERR_HTTP_REQUEST_TIMEOUT", TIMED_OUT],
  ["HPE_HEADER_OVERFLOW", { code: "HEADERS_TOO_LARGE", detail: "Send fewer and shorter headers." }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { code: "PAYLOAD_TOO_LARGE", detail: "Send no chunk extensions." }],
  ["HPE_INVALID_VERSION", { code: "HTTP_VERSION_NOT_SUPPORTED", detail: "Send HTTP/1.1 or HTTP/1.0." }],
]);

/** A client may take this long, in ms, to read the last answer of its connection and close its side. */
const LAST_ANSWER_MS = 1_000;
/** What Node itself takes for this expectation, and meets. */
const CONTINUE = /(?:^|\W)100-continue(?:$|\W)/i;

/** Counts requests that no handler sees, by the code that they are refused with. */
export function createUnreadCounter(registry: Registry) {
  const unread = new Counter({
    name: "http_requests_unread_total",
    help: "Requests refused before any route saw them: malformed, too slow, too many headers, a wrong Host",
    labelNames: ["code"] as const,
    registers: [registry],
  });
  for (const { code } of [MALFORMED, EXPECTS, CODED, TUNNEL, ...PROBLEMS.values()]) unread.inc({ code }, 0);
  return unread;
}

/**
 * Answers what never becomes a request (malformed, too many headers, too slow) with problem+json, and closes
 * the connection, whose next byte could mean anything. `onRefused` is told the code of each.
 */
export function answerParserFaults(server: Server, turns: Turns, onRefused: (code: string) => void): void {
  server.on("connect", (req, socket: Socket) => {
    onRefused(TUNNEL.code);
    socket.on("error", () => {});
    turns.whenAnswered(socket, () => answerLast(socket, answerTo(TUNNEL, pathOf(req))));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const end = (problem: Problem | null, instance = "") => {
      if (problem !== null) onRefused(problem.code);
      if (problem !== null) socket.write(answerTo(problem, instance));
      socket.destroySoon();
    };
    if (!socket.writable || error.code === "ECONNRESET") return end(null);
    const problem = PROBLEMS.get(error.code) ?? MALFORMED;
    const last = turns.last(socket);
    // The fault is of what comes after a request that is whole, and is told after the answer to that.
    if (last === null || last.req.complete) return turns.whenAnswered(socket, () => end(problem));
    const instance = pathOf(last.req);
    if (turns.withdraw(socket, last)) return turns.whenAnswered(socket, () => end(problem, instance));
    // Bytes after half an answer would look like a part of it, and after a whole one like another.
    end(last.res.headersSent ? null : problem, instance);
  });
}

/** What a request wants of the server that is not done here; null for one that wants nothing of the kind. */
export function refuseDemands({ headers }: IncomingMessage): Problem | null {
  const { expect, "transfer-encoding": coding } = headers;
  if (expect !== undefined && !CONTINUE.test(expect)) return EXPECTS;
  if (coding === undefined || /^chunked$/i.test(coding)) return null;
  // Node undoes the chunks alone, and what is coded below them would pass for the body.
  return /,[ \t]*chunked$/i.test(coding) ? CODED : MALFORMED;
}

/** Answers a request before any handler has seen it, and ends its connection. */
export function refuseRequest(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const { status, text } = renderProblem(HTTP_PROBLEMS, pathOf(req), problem);
  res.writeHead(status, { ...problem.headers, ...headersOf(text) }).end(text);
}

/** Sends the last answer of a connection, and closes it soon after, whatever the client does. */
export function answerLast(socket: Socket, text: string): void {
  const cut = setTimeout(() => socket.destroy(), LAST_ANSWER_MS).unref();
  socket.once("close", () => clearTimeout(cut));
  // Read, not left: closing on unread bytes resets the connection, and the answer is lost.
  socket.resume().end(text);
}

/** A whole answer, for a connection without a request. */
export function answerTo(problem: Problem, instance: string): string {
  const { status, text } = renderProblem(HTTP_PROBLEMS, instance, problem);
  const given = Object.entries({ ...problem.headers, ...headersOf(text) });
  const headers = given.map(([name, value]) => `${name}: ${value}`);
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, "", text].join("\r\n");
}

function headersOf(text: string) {
  return {
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    connection: "close",
  };
}

const pathOf = ({ url = "" }: IncomingMessage) => url.replace(/\?.*$/s, "");
