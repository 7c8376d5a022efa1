-- Takes an owner's ordinal for no order, so that no order on its way can have it any more. One that is being
-- committed is waited for.
-- $1 row's id  $2 owner's key  $3 ordinal  $4 owner where its key is another, or null
-- Result: a row affected, or none when the ordinal is taken. The row has no lines and no reader sees it.
INSERT INTO orders (order_id, owner, ordinal, status, version, placed_at, currency, total, cart_id, cart_version,
                    cart_settled_at, owner_full)
VALUES ($1, $2, $3, 'skipped', 0, now(), 'XXX', 0, '', 0, now(), $4)
    ON CONFLICT (owner, ordinal) DO NOTHING
