//! Every bound, with its reason.

use std::time::Duration;

/// The longest key by default: DynamoDB's and S3's, and small enough for an index block.
pub const KEY_LEN_MAX: u32 = 1024;

/// The longest key a bucket may allow.
pub const KEY_LEN_CEILING: u32 = 16 * 1024;

/// The largest value by default; the paper's objects are "usually less than 1 MB" (2.3).
pub const VALUE_LEN_MAX: u32 = 1024 * 1024;

/// The largest value a bucket may allow: one must fit a record beside its siblings.
pub const VALUE_LEN_CEILING: u32 = 8 * 1024 * 1024;

/// The most siblings a put may leave, by default: Riak's limit.
pub const SIBLINGS_MAX: u32 = 100;

/// The most siblings a bucket may allow.
pub const SIBLINGS_CEILING: u32 = 1000;

/// The largest record a put may leave; merges may go over it.
pub const RECORD_LEN_MAX: usize = 16 * 1024 * 1024;

/// The largest record that moves between nodes: what merging makes of the most owners, and as
/// much as one of them adds for dots and counters. Each owner takes puts until its own record
/// is full, whatever the others hold, and of all that it has minted only what is live in its
/// own record is live anywhere: n owners make n times a full record, in whatever order they
/// merge. Only an owner that has lost its record takes as much again.
pub const RECORD_LEN_CEILING: usize = (N_MAX as usize + 1) * RECORD_LEN_MAX;

/// Content type and metadata of one value together, with two bytes for each pair: S3's limit
/// for user metadata.
pub const ATTRIBUTES_LEN_MAX: usize = 2 * 1024;

/// The longest bucket name.
pub const BUCKET_NAME_LEN_MAX: usize = 64;

/// The most owners a key may have: tallies are 16-bit sets.
pub const N_MAX: u8 = 15;

/// The longest sealed context: a thousand origins; more means that nobody ever read.
pub const CONTEXT_LEN_MAX: usize = 64 * 1024;

/// The most items of a client's batch.
pub const BATCH_ITEMS_MAX: usize = 1024;

/// The longest name that a client gives itself, in bytes.
pub const CLIENT_NAME_LEN_MAX: usize = 255;

/// The longest first frame of a connection: a name of 255 bytes and credentials, which leave
/// room for a token. Whoever has not said who it is gets no more memory than that.
pub const HELLO_FRAME_LEN_MAX: u32 = 4 * 1024;

/// The longest frame taken from a client: a value of the ceiling, its key and context.
pub const CLIENT_FRAME_LEN_MAX: u32 = 10 * 1024 * 1024;

/// The most bytes of values in one answer: those of three full records, so that with three
/// owners every record can be read whole.
pub const ANSWER_VALUES_LEN_MAX: usize = 3 * RECORD_LEN_MAX;

/// The longest frame sent to a client: the most values, contexts as long as those of a whole
/// batch, and an account of how the answer came about. The items of a batch that would not fit
/// are answered with `AnswerTooLarge`.
pub const ANSWER_FRAME_LEN_MAX: u32 = 64 * 1024 * 1024;

/// The longest frame between nodes before it is cut into chunks.
pub const CHUNK_LEN: usize = 64 * 1024;

/// The longest message between nodes once its chunks are joined, and the most bytes of chunks
/// that one link may hold: the largest record with its key.
pub const MESSAGE_LEN_MAX: usize = RECORD_LEN_CEILING + 1024 * 1024;

/// The most messages whose chunks may arrive interleaved on one link.
pub const CHUNK_STREAMS_MAX: usize = 8;

/// The most items of a batch between nodes: without a cap, p99 rose to 161 ms.
pub const REPLICA_BATCH_ITEMS_MAX: usize = 256;

/// The most bytes of records in a batch between nodes; a larger record goes alone.
pub const REPLICA_BATCH_LEN_MAX: usize = 48 * 1024;

/// The most requests of one connection under way before its socket is no longer read.
pub const SESSION_REQUESTS_MAX: u32 = 1024;

/// The most bytes of requests and replies of one connection under way.
pub const SESSION_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Bytes of answers that wait for one client to read before large ones are refused: a few
/// records of full size.
pub const SESSION_ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Bytes of answers over [`UNREAD_SHARE_BYTES`] that the clients of a node have not read, all
/// together, before each that has any gets nothing large any more.
pub const UNREAD_BYTES_MAX: usize = 512 * 1024 * 1024;

/// What a connection may hold beside that: with all connections a gigabyte.
pub const UNREAD_SHARE_BYTES: usize = 256 * 1024;

/// The most operations under way in one coordinator.
pub const OPERATIONS_MAX: usize = 16 * 1024;

/// The most bytes held by the operations of one coordinator: values to be written, and records
/// that were read for clients that still wait.
pub const OPERATION_BYTES_MAX: usize = 128 * 1024 * 1024;

/// The most bytes of records that a replica answers in one burst: a thousand requests of a few
/// bytes each may ask for as many full records. The first is always answered.
pub const BURST_ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Replica requests under way from one shard to one peer.
pub const REPLICA_CREDITS: u32 = 8 * 1024;

/// Bytes of replica requests under way from one shard to one peer.
pub const REPLICA_CREDIT_BYTES: usize = 64 * 1024 * 1024;

/// Forwarded requests under way from one shard to one peer.
pub const FORWARD_CREDITS: u32 = 4 * 1024;

/// Bytes of forwarded requests under way from one shard to one peer: half of what replica
/// requests may have, since a forward carries one value and not a whole record.
pub const FORWARD_CREDIT_BYTES: usize = 32 * 1024 * 1024;

/// Background requests under way from one node to one peer, and from a peer's connection here:
/// agreements, listings, and whatever else is one question with one answer.
pub const BACKGROUND_CREDITS: u32 = 64;

/// Questions to extensions under way from one node to one peer, and from a peer's connection here:
/// as many, and apart, so that an extension that does not answer holds up no agreement.
pub const EXTENSION_CREDITS: u32 = 64;

/// Finished requests a shard remembers, so that a retry gets its first answer.
pub const FINISHED_REQUESTS_MAX: usize = 4096;

/// Corrupt keys that a shard remembers, so that each costs it its origin once. With more of them
/// it begins anew: an origin too many does no harm.
pub const CORRUPT_KEYS_MAX: usize = 1024;

/// Bytes of records that wait for the committer in one shard before more are refused.
pub const UNWRITTEN_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Records that one shard waits for the disk to bring; more are refused, so that no shard ever
/// stands still before the readers' queue.
pub const LOADS_MAX: usize = 512;

/// Operations that wait for one key to be loaded.
pub const QUEUED_PER_KEY_MAX: usize = 1024;

/// The most links to one peer (rule 11: min(shards, 4)).
pub const LINKS_PER_PEER_MAX: u16 = 4;

/// The most records that an owner reads for one answer of a listing, values and all: keys of
/// other buckets are passed over.
pub const RANGE_ENTRIES_MAX: usize = 128;

/// Bytes of records after which such a range ends: the last record may go over it, so that one
/// range holds this and a record of full size at most.
pub const RANGE_BYTES_MAX: usize = 1024 * 1024;

/// How long ranges are read for one page of a listing, one after the other: then it ends with what
/// it has found, and a cursor. A tenth of what a client waits unless told otherwise, so that the last
/// range may take its time, over slow links too. A bucket in many partitions has several pages then,
/// of which some may be empty.
pub const LIST_PAGE_TIME: Duration = Duration::from_millis(500);

/// The most keys of a page of a listing.
pub const LIST_LIMIT_MAX: u32 = 1000;

/// The most client connections of a node; each costs two tasks and its buffers.
pub const CONNECTIONS_MAX: usize = 4096;

/// The most buckets of a cluster: every node keeps them all in memory.
pub const BUCKETS_MAX: usize = 1024;

/// Bytes of records that wait for one observer of an extension, beside the number it chose itself.
pub const OBSERVED_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most notices that an observer of an extension is handed at once.
pub const OBSERVED_AT_ONCE_MAX: usize = 256;

/// Requests that one extension may have under way here: reads and writes of keys, and pages of
/// listings. Clients come first.
pub const EXTENSION_REQUESTS_MAX: usize = 64;

/// Batches that one extension may have with the committer: as many as a shard writes in a burst
/// or two.
pub const EXTENSION_WRITES_MAX: usize = 64;

/// The most bytes of keys and values in one batch of an extension: a round of the committer.
pub const EXTENSION_BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The most bytes of keys and values in all batches that one extension has with the committer: a
/// few of the largest, so that the writes of clients wait for no more than that.
pub const EXTENSION_WRITE_BYTES_MAX: usize = 4 * EXTENSION_BATCH_BYTES_MAX;

/// Questions that one extension may have under way on a node, whoever asks: four peers' worth of
/// credits. A place comes back when the handler has ended, though nobody waits any more.
pub const EXTENSION_QUESTIONS_MAX: usize = 256;

/// Bytes of questions that one extension may have under way on a node, as they are on the wire;
/// the first has room whatever its length.
pub const EXTENSION_QUESTION_BYTES_MAX: usize = 64 * 1024 * 1024;

/// How long an extension rests after the first failure within its window; each further one
/// doubles it.
pub const EXTENSION_DELAY_MIN: Duration = Duration::from_millis(100);

/// The longest rest: a cause that passes is seen to have passed within it.
pub const EXTENSION_DELAY_MAX: Duration = Duration::from_secs(10);
