import type { Request, Response } from "express";
import { requestTraceparent } from "../platform/telemetry/request-traceparent.ts";
import type { OrderService, TransitionRequest } from "./order-service.ts";
import { orderView } from "./order-view.ts";
import { problemOf, refuse } from "./problems.ts";
import { readRequest, send } from "./requests.ts";

/** Answers a request for a transition of the order that the path names; `sent` is its body. */
export async function answerTransition(
  req: Request,
  res: Response,
  service: OrderService,
  asked: Pick<TransitionRequest, "to" | "owner"> & { readonly sent: unknown },
): Promise<void> {
  const { to, owner, sent } = asked;
  const request = readRequest(req, res, sent);
  if (!request.ok) return refuse(req, res, request.error);
  const result = await service.transition({
    to,
    owner,
    id: String(req.params.id),
    request: request.value,
    traceparent: requestTraceparent(req.headers),
  });
  if (!result.ok) return refuse(req, res, problemOf(result.error));
  if (result.value.replayed) res.setHeader("idempotent-replayed", "true");
  send(res, 200, orderView(result.value.order));
}
