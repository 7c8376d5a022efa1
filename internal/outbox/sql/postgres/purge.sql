-- Deletes at most $2 events published more than $1 ms ago.
DELETE FROM outbox_event
 WHERE seq IN (SELECT seq FROM outbox_event
                WHERE published_at < clock_timestamp() - $1::float8 * interval '1 millisecond'
                ORDER BY published_at
                LIMIT $2
                  FOR UPDATE SKIP LOCKED)
