-- Inserts events in the order given, leaving out those whose id is there. A rival's insert of the same id,
-- not yet committed, is waited for by the unique index; if it commits, this fails with 2601 or 2627 and is
-- run again, as it is with 51001: victim of a deadlock with a transaction that took locks in another order.
-- Each partition's lock is taken, in ascending order, before any seq is drawn, and held to the end of the
-- transaction: so within a partition events become visible in seq order, and a reader that moves a cursor by
-- seq misses none. Within a transaction of the caller the inner BEGIN and COMMIT only count.
-- @rows outbox_envelope_rows, each id once
-- @where_free 1 to leave out the partitions whose lock is held, in place of waiting for it (more than the
--             1 ms of its timeout: Babelfish takes a timeout of 0 for an error, -999, when the lock is held)
-- Result: partition_no of each that was left out.
-- Their numbers are kept in a string, not in a table variable: in Babelfish a transaction with one holds back
-- those of every other session to its end.
BEGIN TRANSACTION;
DECLARE @partition INT, @name NVARCHAR(32), @outcome INT, @patience INT, @busy NVARCHAR(MAX);
SET @busy = N',';
SET @patience = CASE WHEN @where_free = 1 THEN 1 ELSE 8000 END;
SELECT @partition = MIN(partition_no) FROM @rows;
WHILE @partition IS NOT NULL
BEGIN
  SET @name = N'outbox-' + CAST(@partition AS NVARCHAR(16));
  EXEC @outcome = sp_getapplock @Resource = @name, @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = @patience;
  IF @outcome = -1 AND @where_free = 1
    SET @busy = @busy + CAST(@partition AS NVARCHAR(16)) + N',';
  ELSE IF @outcome = -3
    THROW 51001, 'chosen as the victim of a deadlock over outbox partitions', 1;
  ELSE IF @outcome < 0
    THROW 51000, 'the lock of an outbox partition was not granted within 8 s', 1;
  SELECT @partition = MIN(partition_no) FROM @rows WHERE partition_no > @partition;
END;
INSERT INTO outbox_event (event_id, partition_no, source, type, subject, version, sequence_name, payload,
                          traceparent, occurred_at)
SELECT r.event_id, r.partition_no, r.source, r.type, r.subject, r.version, r.sequence_name, r.payload,
       r.traceparent, r.occurred_at
  FROM @rows r
 WHERE NOT EXISTS (SELECT 1 FROM outbox_event e WHERE e.event_id = r.event_id)
   AND CHARINDEX(N',' + CAST(r.partition_no AS NVARCHAR(16)) + N',', @busy) = 0
 ORDER BY r.ordinal;
COMMIT;
SELECT DISTINCT partition_no
  FROM @rows
 WHERE CHARINDEX(N',' + CAST(partition_no AS NVARCHAR(16)) + N',', @busy) > 0
