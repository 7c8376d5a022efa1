-- Inserts one event as dead, in its partition's order (the lock: see append.sql); nothing when its id
-- is there.
-- @id  @partition_no  @source  @type  @subject  @version  @sequence_name  @payload  @traceparent
-- @occurred_at  @reason
-- Result: none.
BEGIN TRANSACTION;
DECLARE @name NVARCHAR(32), @outcome INT;
SET @name = N'outbox-' + CAST(@partition_no AS NVARCHAR(16));
EXEC @outcome = sp_getapplock @Resource = @name, @LockMode = N'Exclusive', @LockOwner = N'Transaction', @LockTimeout = 8000;
IF @outcome = -3
  THROW 51001, 'chosen as the victim of a deadlock over outbox partitions', 1;
IF @outcome < 0
  THROW 51000, 'the lock of an outbox partition was not granted within 8 s', 1;
INSERT INTO outbox_event (event_id, partition_no, source, type, subject, version, sequence_name, payload,
                          traceparent, occurred_at, last_error, dead_at)
SELECT @id, @partition_no, @source, @type, @subject, @version, @sequence_name, @payload,
       @traceparent, @occurred_at, @reason, SYSUTCDATETIME()
 WHERE NOT EXISTS (SELECT 1 FROM outbox_event e WHERE e.event_id = @id);
COMMIT
