-- Orders, their lines as bought, and the requests with an Idempotency-Key that led to them.
-- Whoever places an order takes the owner's next ordinal: of two at once, one. The same index is the one
-- that an owner's
-- orders are read by, newest first.
-- expanding

CREATE TABLE orders (
  order_id        uuid PRIMARY KEY,
  owner           varchar(140) NOT NULL,
  ordinal         bigint NOT NULL,
  status          varchar(20) NOT NULL,
  version         integer NOT NULL,
  placed_at       timestamptz(3) NOT NULL,
  currency        char(3) NOT NULL,
  total           bigint NOT NULL,
  cart_id         varchar(64) NOT NULL,
  cart_version    bigint NOT NULL,
  cart_settled_at timestamptz(3),
  CONSTRAINT orders_owner UNIQUE (owner, ordinal)
);

CREATE INDEX orders_unsettled ON orders (placed_at) WHERE cart_settled_at IS NULL;

CREATE TABLE order_line (
  order_id     uuid NOT NULL CONSTRAINT order_line_order REFERENCES orders,
  line_no      integer NOT NULL,
  product_id   varchar(64) NOT NULL,
  name         varchar(300) NOT NULL,
  unit_price   bigint NOT NULL,
  agreed_price bigint NOT NULL,
  quantity     integer NOT NULL,
  PRIMARY KEY (order_id, line_no)
);

CREATE TABLE order_request (
  request_id   char(64) PRIMARY KEY,
  request_hash char(64) NOT NULL,
  order_id     uuid NOT NULL CONSTRAINT order_request_order REFERENCES orders,
  requested_at timestamptz(3) NOT NULL
);

CREATE INDEX order_request_age ON order_request (requested_at);
