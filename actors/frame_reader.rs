//! Every complete frame of what a connection has sent, joined from its chunks.

use std::collections::BTreeMap;

use bytes::BytesMut;
use cartwheel::limits::{CHUNK_STREAMS_MAX, HELLO_FRAME_LEN_MAX, MESSAGE_LEN_MAX};
use cartwheel::message::frame::{Frame, FrameError, Parsed};
use tokio::io::{AsyncRead, AsyncReadExt};

/// How much is read at once: a burst of small frames, or some chunks.
const READ_LEN: usize = 64 * 1024;

/// Reads frames from one connection.
#[derive(Debug)]
pub struct FrameReader<R> {
    source: R,
    buffer: BytesMut,
    limit: u32,
    chunks: Option<BTreeMap<u64, BytesMut>>,
    received: u64,
    /// What ends the connection once the frames before it are taken.
    broken: Option<ReadError>,
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
    /// A chunk where none are taken, or more of them than are taken.
    #[error(
        "a chunk makes {streams} streams and {len} bytes, over {CHUNK_STREAMS_MAX} or {MESSAGE_LEN_MAX}"
    )]
    Chunk {
        /// Messages begun and not ended.
        streams: usize,
        /// The bytes of this one.
        len: usize,
    },
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads a client's connection: frames come whole.
    pub fn from_client(source: R, limit: u32) -> Self {
        Self::new(source, limit, None)
    }

    /// Reads another node's connection: long frames come in chunks.
    pub fn from_node(source: R, limit: u32) -> Self {
        Self::new(source, limit, Some(BTreeMap::new()))
    }

    fn new(source: R, limit: u32, chunks: Option<BTreeMap<u64, BytesMut>>) -> Self {
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

    /// Waits for at least one frame and takes all that are complete. What came whole before
    /// bytes that break the protocol is given first, and the error at the next call.
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
        while let Parsed::Frame(frame) = Frame::parse(&mut self.buffer, self.limit)? {
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
        let Some(chunks) = &mut self.chunks else {
            let (streams, len) = (1, piece.body.len());
            return Err(ReadError::Chunk { streams, len });
        };
        let joined = chunks.entry(piece.call).or_default();
        joined.extend_from_slice(&piece.body);
        let (len, streams) = (joined.len(), chunks.len());
        if streams > CHUNK_STREAMS_MAX || len > MESSAGE_LEN_MAX {
            return Err(ReadError::Chunk { streams, len });
        }
        if !piece.flags.is_last_chunk() {
            return Ok(None);
        }
        let mut whole = chunks.remove(&piece.call).unwrap_or_default();
        let limit = u32::try_from(MESSAGE_LEN_MAX).unwrap_or(u32::MAX);
        match Frame::parse(&mut whole, limit)? {
            Parsed::Frame(frame) if !frame.flags.is_chunk() && whole.is_empty() => Ok(Some(frame)),
            _ => Err(ReadError::Chunk { streams, len }),
        }
    }
}
