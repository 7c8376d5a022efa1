/** One durable message with a text body. Strings are sent as UTF-8. */
export interface OutgoingMessage {
  readonly messageId: string;
  /** The address, for a link without a target. */
  readonly to: string | null;
  readonly subject: string | null;
  /** Epoch ms. */
  readonly createdAt: number;
  /**
   * One value for each name the encoder was made with: text, a
   * whole number (sent as long), or null to leave it out.
   */
  readonly properties: readonly (string | number | null)[];
  readonly body: string;
}

const HEADER_DURABLE = Buffer.from([0x00, 0x53, 0x70, 0xc0, 0x02, 0x01, 0x41]);
const NULL = 0x40;

/**
 * Encodes messages that differ only in values, as AMQP 1.0 bare messages with
 * header: two to three times as fast as rhea's general encoder, which takes half
 * of the CPU of sending. `names` are those of the application properties.
 */
export function createMessageEncoder(options: {
  contentType: string;
  names: readonly string[];
}): (message: OutgoingMessage) => Buffer {
  const keys = options.names.map((name) => short(0xa1, name));
  // reply-to and correlation-id are null, then content-type;
  // content-encoding and absolute-expiry-time are null.
  const middle = Buffer.concat([
    Buffer.from([NULL, NULL]),
    short(0xa3, options.contentType),
    Buffer.from([NULL, NULL]),
  ]);
  const keysLength = keys.reduce((sum, key) => sum + key.length, 0);

  return ({ messageId, to, subject, createdAt, properties, body }) => {
    const bodyLength = Buffer.byteLength(body);
    let room = HEADER_DURABLE.length + middle.length + keysLength + bodyLength + 64;
    room += text(messageId) + text(to) + text(subject);
    for (const value of properties) room += typeof value === "string" ? text(value) : 9;
    const buffer = Buffer.allocUnsafe(room);
    let at = HEADER_DURABLE.copy(buffer);

    at = compound(buffer, at, 0x73, 0xd0, 10);
    const list = at;
    at = writeText(buffer, at, messageId);
    buffer[at++] = NULL; // user-id
    at = writeText(buffer, at, to);
    at = writeText(buffer, at, subject);
    at += middle.copy(buffer, at);
    at = writeLong(buffer, at, 0x83, createdAt);
    buffer.writeUInt32BE(at - list + 4, list - 8);

    at = compound(buffer, at, 0x74, 0xd1, 0);
    const map = at;
    let entries = 0;
    for (let i = 0; i < keys.length; i++) {
      const value = properties[i];
      if (value === null || value === undefined) continue;
      at += keys[i]!.copy(buffer, at);
      at = typeof value === "string" ? writeText(buffer, at, value) : writeLong(buffer, at, 0x81, value);
      entries += 2;
    }
    buffer.writeUInt32BE(at - map + 4, map - 8);
    buffer.writeUInt32BE(entries, map - 4);

    at = section(buffer, at, 0x75);
    buffer[at] = 0xb0;
    buffer.writeUInt32BE(bodyLength, at + 1);
    at += 5;
    at += buffer.write(body, at, "utf8");
    return buffer.subarray(0, at);
  };
}

/** A constructor with a one-byte length, for texts known to be short. */
function short(code: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  if (bytes.length > 255) throw new Error(`"${value.slice(0, 20)}..." is longer than 255 bytes`);
  return Buffer.concat([Buffer.from([code, bytes.length]), bytes]);
}

/** Enough room for a text of UTF-16 code units, each at most 3 bytes of UTF-8, and its constructor. */
function text(value: string | null): number {
  return value === null ? 1 : 5 + 3 * value.length;
}

function section(buffer: Buffer, at: number, descriptor: number): number {
  buffer[at] = 0x00;
  buffer[at + 1] = 0x53;
  buffer[at + 2] = descriptor;
  return at + 3;
}

/**
 * Begins a section that is a list or map; the caller fills in
 * size and count, which end where the content starts.
 */
function compound(buffer: Buffer, at: number, descriptor: number, code: number, count: number): number {
  const start = section(buffer, at, descriptor);
  buffer[start] = code;
  buffer.writeUInt32BE(count, start + 5);
  return start + 9;
}

function writeText(buffer: Buffer, at: number, value: string | null): number {
  if (value === null) {
    buffer[at] = NULL;
    return at + 1;
  }
  // The length is known only after writing; a text of 85 units or fewer is sure to fit a one-byte length.
  if (value.length <= 85) {
    const length = buffer.write(value, at + 2, "utf8");
    buffer[at] = 0xa1;
    buffer[at + 1] = length;
    return at + 2 + length;
  }
  const length = buffer.write(value, at + 5, "utf8");
  buffer[at] = 0xb1;
  buffer.writeUInt32BE(length, at + 1);
  return at + 5 + length;
}

function writeLong(buffer: Buffer, at: number, code: number, value: number): number {
  buffer[at] = code;
  buffer.writeInt32BE(Math.floor(value / 2 ** 32), at + 1);
  buffer.writeUInt32BE(value % 2 ** 32 < 0 ? (value % 2 ** 32) + 2 ** 32 : value % 2 ** 32, at + 5);
  return at + 9;
}
