//! Every complete frame of what a connection has sent, joined from its chunks.

use std::collections::BTreeMap;

use bytes::BytesMut;
use cartwheel::limits::{
    CHUNK_STREAMS_MAX, HELLO_FRAME_LEN_MAX, MESSAGE_LEN_MAX, SESSION_REQUESTS_MAX,
};
use cartwheel::message::frame::{Frame, FrameError, Parsed};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once: a burst of small frames, or some chunks.
const READ_LEN: usize = 64 * 1024;

/// The most frames that are given at once: behind a large frame the buffer may have megabytes
/// of small ones, and who takes them looks at its credits only between two gifts.
const FRAMES_AT_ONCE_MAX: usize = SESSION_REQUESTS_MAX as usize;

/// As many bytes of frames, but for the last: a batch has two hundred requests a kilobyte.
const BYTES_AT_ONCE_MAX: usize = 4 * READ_LEN;

/// Reads frames from one connection.
#[derive(Debug)]
pub struct FrameReader<R> {
    source: R,
    buffer: BytesMut,
    limit: u32,
    chunks: Option<Chunks>,
    received: u64,
    /// What ends the connection once the frames before it are taken.
    broken: Option<ReadError>,
}

/// Messages of which not all pieces have come.
#[derive(Debug)]
struct Chunks {
    streams: BTreeMap<u64, BytesMut>,
    /// The bytes of all of them.
    bytes: usize,
    bytes_max: usize,
}

/// A connection that can't be read any further.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The other side has closed it, or it broke.
    #[error("the connection ended: {0}")]
    Ended(#[from] std::io::Error),
    /// What came is no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// An answer where only requests are taken.
    #[error("the frame of call {call} is flagged as an answer, and this side asks nothing")]
    Answer {
        /// The call that it would answer.
        call: u64,
    },
    /// A piece of a frame where only whole ones are taken.
    #[error("the frame of call {call} is flagged as a chunk, and clients send whole frames")]
    ChunkOfClient {
        /// The stream that it would belong to.
        call: u64,
    },
    /// More chunks than are taken.
    #[error(
        "a chunk makes {streams} streams and {bytes} bytes, over {CHUNK_STREAMS_MAX} or {bytes_max}"
    )]
    Chunk {
        /// Messages begun and not ended.
        streams: usize,
        /// Their bytes.
        bytes: usize,
        /// How many are taken.
        bytes_max: usize,
    },
    /// Chunks that together are no frame.
    #[error("chunks of {bytes} bytes are no frame")]
    Joined {
        /// Their bytes.
        bytes: usize,
    },
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads a client's connection: frames come whole.
    pub fn from_client(source: R, limit: u32) -> Self {
        Self::new(source, limit, None)
    }

    /// Reads another node's connection: long frames come in chunks.
    pub fn from_node(source: R, limit: u32) -> Self {
        Self::joining(source, limit, MESSAGE_LEN_MAX)
    }

    /// Reads a connection whose long frames come in chunks, of which so many bytes are held.
    pub fn joining(source: R, limit: u32, bytes_max: usize) -> Self {
        let chunks = Chunks {
            streams: BTreeMap::new(),
            bytes: 0,
            bytes_max,
        };
        Self::new(source, limit, Some(chunks))
    }

    fn new(source: R, limit: u32, chunks: Option<Chunks>) -> Self {
        Self {
            source,
            buffer: BytesMut::with_capacity(READ_LEN),
            limit,
            chunks,
            received: 0,
            broken: None,
        }
    }

    /// Bytes that have come since the beginning.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Waits for the first frame, under a limit of its own: whoever has not said who it is
    /// gets little memory. What comes behind it is for [`Self::frames`].
    pub async fn greeting(&mut self) -> Result<Frame, ReadError> {
        loop {
            if let Parsed::Frame(frame) = Frame::parse(&mut self.buffer, HELLO_FRAME_LEN_MAX)? {
                return Ok(frame);
            }
            self.read().await?;
        }
    }

    /// Waits for at least one frame and takes those that are complete, a capped number at once.
    /// What came whole before bytes that break the protocol is given first, and the error at
    /// the next call.
    pub async fn frames(&mut self, frames: &mut Vec<Frame>) -> Result<(), ReadError> {
        loop {
            if self.broken.is_none() {
                self.broken = self.parse(frames).err();
            }
            if !frames.is_empty() {
                return Ok(());
            }
            if let Some(error) = self.broken.take() {
                return Err(error);
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), ReadError> {
        // The buffer grows by what has come, never by what was announced.
        self.buffer.reserve(READ_LEN);
        let read = self.source.read_buf(&mut self.buffer).await?;
        self.received += read as u64;
        match read {
            0 => Err(ReadError::Ended(std::io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(()),
        }
    }

    fn parse(&mut self, frames: &mut Vec<Frame>) -> Result<(), ReadError> {
        let before = self.buffer.len();
        // Pieces of a long frame are no gift: while there is none, all that is there is taken.
        while (frames.is_empty() || before - self.buffer.len() < BYTES_AT_ONCE_MAX)
            && frames.len() < FRAMES_AT_ONCE_MAX
            && let Parsed::Frame(frame) = Frame::parse(&mut self.buffer, self.limit)?
        {
            if self.chunks.is_none() && frame.flags.is_reply() {
                return Err(ReadError::Answer { call: frame.call });
            }
            if frame.flags.is_chunk() {
                frames.extend(self.join(&frame)?);
            } else {
                frames.push(frame);
            }
        }
        Ok(())
    }

    fn join(&mut self, piece: &Frame) -> Result<Option<Frame>, ReadError> {
        match &mut self.chunks {
            Some(chunks) => chunks.join(piece),
            None => Err(ReadError::ChunkOfClient { call: piece.call }),
        }
    }
}

impl Chunks {
    /// Takes a piece; memory grows by what has come, never by what is announced.
    fn join(&mut self, piece: &Frame) -> Result<Option<Frame>, ReadError> {
        let joined = self.streams.entry(piece.call).or_default();
        joined.extend_from_slice(&piece.body);
        self.bytes += piece.body.len();
        let (streams, bytes, bytes_max) = (self.streams.len(), self.bytes, self.bytes_max);
        if streams > CHUNK_STREAMS_MAX || bytes > bytes_max {
            return Err(ReadError::Chunk {
                streams,
                bytes,
                bytes_max,
            });
        }
        if !piece.flags.is_last_chunk() {
            return Ok(None);
        }
        let mut whole = self.streams.remove(&piece.call).unwrap_or_default();
        let bytes = whole.len();
        self.bytes -= bytes;
        let limit = u32::try_from(bytes).unwrap_or(u32::MAX);
        match Frame::parse(&mut whole, limit)? {
            Parsed::Frame(frame) if !frame.flags.is_chunk() && whole.is_empty() => Ok(Some(frame)),
            _ => Err(ReadError::Joined { bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use cartwheel::message::Kind;
    use cartwheel::message::frame::Flags;
    use futures::executor::block_on;

    use super::*;

    fn encoded(calls: u64, len: usize) -> BytesMut {
        let mut bytes = BytesMut::new();
        for call in 0..calls {
            let frame = Frame {
                kind: Kind(16),
                flags: Flags::REQUEST,
                call,
                remaining_ms: 0,
                body: Bytes::from(vec![7; len]),
            };
            frame.encode(&mut bytes);
        }
        bytes
    }

    /// A large frame leaves room in the buffer for as many bytes of small ones behind it.
    #[test]
    fn a_burst_of_small_frames_comes_in_gifts_that_the_credits_can_hold() {
        let burst = 3 * FRAMES_AT_ONCE_MAX as u64 + 7;
        for len in [0, 5 * 1024] {
            let mut reader = FrameReader::from_client(&b""[..], 10_000);
            reader.buffer = encoded(burst, len);
            let mut calls = Vec::new();
            let mut frames = Vec::new();
            while block_on(reader.frames(&mut frames)).is_ok() {
                assert!(frames.len() <= FRAMES_AT_ONCE_MAX, "{}", frames.len());
                assert!(frames.len() * len < BYTES_AT_ONCE_MAX + len);
                calls.extend(frames.drain(..).map(|frame| frame.call));
            }
            assert_eq!(calls, (0..burst).collect::<Vec<u64>>(), "none is lost");
        }
    }

    #[test]
    fn a_long_frame_that_has_come_whole_is_given_without_another_byte() {
        let mut whole = BytesMut::new();
        whole.extend_from_slice(&encoded(1, 8 * BYTES_AT_ONCE_MAX));
        let mut pieces = BytesMut::new();
        while !whole.is_empty() {
            let body = whole.split_to(whole.len().min(READ_LEN)).freeze();
            let flags = match whole.is_empty() {
                true => Flags::LAST_CHUNK,
                false => Flags::CHUNK,
            };
            let piece = Frame {
                kind: Kind(0),
                flags,
                call: 1,
                remaining_ms: 0,
                body,
            };
            piece.encode(&mut pieces);
        }
        let mut reader = FrameReader::from_node(&b""[..], 2 * READ_LEN as u32);
        reader.buffer = pieces;
        let mut frames = Vec::new();
        block_on(reader.frames(&mut frames)).unwrap();
        assert_eq!(frames[0].body.len(), 8 * BYTES_AT_ONCE_MAX);
    }
}
