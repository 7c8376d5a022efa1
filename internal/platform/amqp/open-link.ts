import type { Delivery, Sender, Session } from "rhea-promise";
import { type AddressVersion, exchangeTarget } from "./address.ts";

/** A link that messages can be sent on. */
export interface OpenLink {
  readonly addressVersion: AddressVersion;
  /** The broker's product and version. */
  readonly broker: string;
  /** In bytes, as encoded. */
  readonly maxMessageSize: number;
  /** How many messages may be handed over now. */
  room(): number;
  /** True while the broker has closed the session's window: it takes no messages from anybody. */
  windowClosed(): boolean;
  send(encoded: Buffer): Delivery;
}

/** What rhea keeps of the sending half of a session; not in its types. */
interface Outgoing {
  readonly remote_window?: number;
  readonly next_delivery_id: number;
  readonly next_pending_delivery: number;
  available(): number;
}

const RAW = { format: 0 };

/** With v1 a link to the exchange. With v2 one to nowhere, after a look whether the exchange exists. */
export async function attach(session: Session, version: AddressVersion, exchange: string): Promise<Sender> {
  const target = exchangeTarget(version, exchange);
  if (version === "v1") return session.createSender({ target });
  const probe = await session.createSender({ target });
  await probe.close({ closeSession: false });
  // The target must be there, without an address: RabbitMQ 4 ends the session of a link that has none.
  return session.createSender({ target: {} });
}

/** What can be sent on `sender` now, and how. */
export function openLink(
  session: Session,
  sender: Sender,
  addressVersion: AddressVersion,
  broker: string,
): OpenLink {
  const outgoing: Outgoing = session.outgoing;
  const limit = sender.maxMessageSize;
  return {
    addressVersion,
    broker,
    maxMessageSize: typeof limit === "number" && limit > 0 ? limit : Number.POSITIVE_INFINITY,
    room: () => {
      const waiting = outgoing.next_delivery_id - outgoing.next_pending_delivery;
      return Math.min(sender.credit - waiting, outgoing.available());
    },
    windowClosed: () => outgoing.remote_window === 0,
    send: (encoded) => sender.send(encoded, RAW),
  };
}
