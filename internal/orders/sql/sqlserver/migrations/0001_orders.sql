-- Orders, their lines as bought, and the requests with an Idempotency-Key that led to them.
-- Whoever places an order takes the owner's next ordinal: of two at once, one. The same index is the one
-- that an owner's
-- orders are read by, newest first. Owners differ by case, whatever the database's collation.
-- expanding

CREATE TABLE orders (
  order_id        UNIQUEIDENTIFIER NOT NULL CONSTRAINT orders_pk PRIMARY KEY NONCLUSTERED,
  owner           NVARCHAR(140) COLLATE Latin1_General_BIN2 NOT NULL,
  ordinal         BIGINT NOT NULL,
  status          NVARCHAR(20) NOT NULL,
  version         INT NOT NULL,
  placed_at       BIGINT NOT NULL,
  currency        NCHAR(3) NOT NULL,
  total           BIGINT NOT NULL,
  cart_id         NVARCHAR(64) NOT NULL,
  cart_version    BIGINT NOT NULL,
  cart_settled_at DATETIME2(6) NULL,
  CONSTRAINT orders_owner UNIQUE CLUSTERED (owner, ordinal)
)
GO
CREATE INDEX orders_unsettled ON orders (placed_at) INCLUDE (cart_settled_at) WHERE cart_settled_at IS NULL
GO
CREATE TABLE order_line (
  order_id     UNIQUEIDENTIFIER NOT NULL CONSTRAINT order_line_order REFERENCES orders (order_id),
  line_no      INT NOT NULL,
  product_id   NVARCHAR(64) NOT NULL,
  name         NVARCHAR(300) NOT NULL,
  unit_price   BIGINT NOT NULL,
  agreed_price BIGINT NOT NULL,
  quantity     INT NOT NULL,
  CONSTRAINT order_line_pk PRIMARY KEY (order_id, line_no)
)
GO
CREATE TABLE order_request (
  request_id   CHAR(64) NOT NULL CONSTRAINT order_request_pk PRIMARY KEY,
  request_hash CHAR(64) NOT NULL,
  order_id     UNIQUEIDENTIFIER NOT NULL CONSTRAINT order_request_order REFERENCES orders (order_id),
  requested_at BIGINT NOT NULL
)
GO
CREATE INDEX order_request_age ON order_request (requested_at)
GO
CREATE TYPE order_line_rows AS TABLE (
  line_no      INT NOT NULL,
  product_id   NVARCHAR(64) NOT NULL,
  name         NVARCHAR(300) NOT NULL,
  unit_price   BIGINT NOT NULL,
  agreed_price BIGINT NOT NULL,
  quantity     INT NOT NULL
)
