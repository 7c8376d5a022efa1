import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
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
const PROBLEMS = new Map<string | undefined, Problem>([
  ["ERR_HTTP_REQUEST_TIMEOUT", TIMED_OUT],
  ["HPE_HEADER_OVERFLOW", { code: "HEADERS_TOO_LARGE", detail: "Send fewer and shorter headers." }],
  ["HPE_CHUNK_EXTENSIONS_OVERFLOW", { code: "PAYLOAD_TOO_LARGE", detail: "Send no chunk extensions." }],
]);

/**
 * Answers what never becomes a request (malformed, too many headers, too slow) with
 * problem+json, and closes the connection, whose next byte could mean anything.
 */
export function answerParserFaults(server: Server): void {
  const answering = new WeakMap<Socket, ServerResponse>();
  server.on("request", (req, res) => answering.set(req.socket, res));
  server.on("checkExpectation", (_req: IncomingMessage, res: ServerResponse) => {
    const { status, text } = renderProblem(HTTP_PROBLEMS, "", EXPECTS);
    res.writeHead(status, headersOf(text)).end(text);
  });
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    const begun = answering.get(socket);
    // Bytes after half an answer would look like a part of it.
    const mayAnswer = begun === undefined || !begun.headersSent || begun.writableFinished;
    if (socket.writable && mayAnswer && error.code !== "ECONNRESET")
      socket.write(answerTo(PROBLEMS.get(error.code) ?? MALFORMED));
    socket.destroySoon();
  });
}

function answerTo(problem: Problem): string {
  const { status, text } = renderProblem(HTTP_PROBLEMS, "", problem);
  const headers = Object.entries(headersOf(text)).map(([name, value]) => `${name}: ${value}`);
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
