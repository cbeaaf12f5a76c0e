"""The kernel's limits, each with its reason; how often something is tried stands where it is tried."""

# How long

TRANSACTION_SECONDS = 5.0
"""mongod's `transactionLifetimeLimitSeconds`, as every installation here sets it: a process killed within a transaction
keeps its documents locked for no longer."""
LONGEST_TRANSACTION_SECONDS = 4.5
"""One that took so long will not be shorter the next time: it is given up rather than run again."""
HANDLING_SECONDS = 1.0
"""Of one transaction, for its events' handlers: what is handled by then is committed, and the rest comes with the next. It
leaves time enough for the last handler, the writes and the commit, and a kill costs no more than this."""
GROUP_SECONDS = 0.5
"""Of one transaction that commands share: after it no further one begins in it, and those behind come with the next."""
LONGEST_TURN_SECONDS = 10.0
"""A command that waited so long for its turn is not begun any more: its client hears 503, and may ask again."""
DEDUPLICATION_DAYS = 90
"""For so long a producer may send an event again: as long as topics of other systems keep their records."""
IDEMPOTENCY_HOURS = 24
"""For so long a command sent again with its Idempotency-Key is answered as the first time."""
CLAIM_SECONDS = 60
"""After so long a command that was begun and not answered is taken for that of a dead process: longer than any takes."""
UPLOAD_SECONDS = 120
"""For the bytes of a file to arrive: who sends slowly keeps others from sending at all."""

# How large

BODY_BYTES = 1_000_000
"""Of a request: longer texts than any field takes, and no more."""
UPLOAD_BYTES = 30_000_000
"""Of a request with a file: 25 MB, the usual limit of mails, and what the form adds."""
UPLOADS_AT_ONCE = 3
"""Each may hold several times UPLOAD_BYTES in memory."""
EVENT_BYTES = 900_000
"""Of an event or a dead letter's copy: Kafka's 1 MiB a record, less headers and framing."""
RECORD_BYTES = 2 * 2**20
"""Of a record from elsewhere that is kept whole: brokers and clients are set to 1 MiB; MongoDB holds 16."""
BATCH_BYTES = 32 * 2**20
"""Of a Kafka batch, unpacked: a small one may unpack to all the memory there is."""
BATCH_RECORDS = 100_000
"""Of one Kafka batch: its header may claim any number."""
HEADERS = 1_000
"""Of a record; every one is kept when it is parked."""
KEY_BYTES = 1_000
"""Of a record's key as the name of its queue: longer ones are hashed, or they would fill queries and indexes."""

# How many

PAGE = 200
"""Items of a list at once, at most."""
GROUP_COMMANDS = 64
"""Commands on one aggregate in one transaction, at most: their events and states stay well below a megabyte or two."""
COMMANDS_WAITING = 1_000
"""Commands that wait or run in one process: some seconds of work; beyond it clients hear 503 at once."""
COMMANDS_WAITING_TOGETHER = 500
"""Of those, on one aggregate: a crowd there keeps nobody from another one."""
OUTBOX_PASS = 2_000
"""Events that the relay reads, sends and deletes at a time: some megabytes."""
