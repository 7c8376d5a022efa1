import { expect } from "chai";
import fc from "fast-check";
import { message } from "rhea-promise";
import { createMessageEncoder } from "./message-encoder.ts";

const encode = createMessageEncoder({
  contentType: "application/json",
  names: ["a:text", "a:number", "a:none"],
});

describe("message encoder", () => {
  it("writes what rhea's decoder reads: durable, with id, address, subject, content type, time, properties and body", () => {
    const decoded = message.decode(
      encode({
        messageId: "id-1",
        to: "/exchanges/x/y",
        subject: "s",
        createdAt: 1_764_000_000_123,
        properties: ["t", 7, null],
        body: '{"é":"🛒"}',
      }),
    );
    expect(decoded.durable).to.equal(true);
    expect(decoded.message_id).to.equal("id-1");
    expect(decoded.to).to.equal("/exchanges/x/y");
    expect(decoded.subject).to.equal("s");
    expect(decoded.content_type).to.equal("application/json");
    expect(decoded.creation_time).to.deep.equal(new Date(1_764_000_000_123));
    expect(decoded.application_properties).to.deep.equal({ "a:text": "t", "a:number": 7 });
    expect(decoded.body.content.toString()).to.equal('{"é":"🛒"}');
  });

  it("leaves out what is null", () => {
    const decoded = message.decode(
      encode({
        messageId: "i",
        to: null,
        subject: null,
        createdAt: 0,
        properties: [null, null, null],
        body: "",
      }),
    );
    expect(decoded.to).to.equal(undefined);
    expect(decoded.subject).to.equal(undefined);
    expect(decoded.application_properties).to.deep.equal({});
    expect(decoded.body.content.toString()).to.equal("");
  });

  it("carries any text and any safe whole number unchanged", () => {
    const any = fc.string({ unit: "binary", maxLength: 400 });
    fc.assert(
      fc.property(any, any, any, any, fc.maxSafeInteger(), (messageId, to, subject, body, number) => {
        const decoded = message.decode(
          encode({ messageId, to, subject, createdAt: 1, properties: [to, number, null], body }),
        );
        expect(decoded.message_id).to.equal(Buffer.from(messageId).toString());
        expect(decoded.to).to.equal(Buffer.from(to).toString());
        expect(decoded.subject).to.equal(Buffer.from(subject).toString());
        expect(decoded.application_properties).to.deep.equal({
          "a:text": Buffer.from(to).toString(),
          "a:number": number,
        });
        expect(decoded.body.content.toString()).to.equal(Buffer.from(body).toString());
      }),
    );
  });
});
