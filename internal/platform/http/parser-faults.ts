import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Counter, type Registry } from "../metrics/metrics.ts";
import { HTTP_PROBLEMS } from "../problem/catalogue.ts";
import { type Problem, renderProblem } from "../problem/problem.ts";

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

/** Counts requests that no handler sees, by the code that they are refused with. */
export function createUnreadCounter(registry: Registry) {
  const unread = new Counter({
    name: "http_requests_unread_total",
    help: "Requests refused before any route saw them: malformed, too slow, too many headers, a wrong Host",
    labelNames: ["code"] as const,
    registers: [registry],
  });
  for (const { code } of [MALFORMED, EXPECTS, TUNNEL, ...PROBLEMS.values()]) unread.inc({ code }, 0);
  return unread;
}

/**
 * Answers what never becomes a request (malformed, too many headers, too slow) with problem+json, and closes
 * the connection, whose next byte could mean anything. `onRefused` is told the code of each.
 */
export function answerParserFaults(server: Server, onRefused: (code: string) => void): void {
  const answering = new WeakMap<Duplex, ServerResponse<IncomingMessage>>();
  server.on("request", (req, res) => answering.set(req.socket, res));
  server.on("checkExpectation", (req: IncomingMessage, res: ServerResponse) => {
    onRefused(EXPECTS.code);
    refuseRequest(req, res, EXPECTS);
  });
  server.on("connect", (req, socket) => {
    onRefused(TUNNEL.code);
    socket.on("error", () => {});
    socket.end(answerTo(TUNNEL, pathOf(req)));
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const begun = answering.get(socket);
    // Bytes after half an answer would look like a part of it.
    const mayAnswer = begun === undefined || !begun.headersSent || begun.writableFinished;
    if (socket.writable && mayAnswer && error.code !== "ECONNRESET") {
      const problem = PROBLEMS.get(error.code) ?? MALFORMED;
      onRefused(problem.code);
      socket.write(answerTo(problem, begun && !begun.writableFinished ? pathOf(begun.req) : ""));
    }
    socket.destroySoon();
  });
}

/** Answers a request before any handler has seen it, and ends its connection. */
export function refuseRequest(req: IncomingMessage, res: ServerResponse, problem: Problem): void {
  const { status, text } = renderProblem(HTTP_PROBLEMS, pathOf(req), problem);
  res.writeHead(status, { ...problem.headers, ...headersOf(text) }).end(text);
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
