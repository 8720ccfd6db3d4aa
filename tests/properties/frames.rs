//! Frames: however a stream is cut, the same come out; and nothing that comes in panics.

use bytes::{Bytes, BytesMut};
use cartwheel::message::Kind;
use cartwheel::message::frame::{
    Flags, Frame, FrameError, HEADER_LEN, LENGTH_LEN, PROTOCOL_VERSION, Parsed,
};
use proptest::prelude::*;
use proptest::sample::Index;

const LIMIT: u32 = 200;

fn frame() -> impl Strategy<Value = Frame> {
    let body = prop::collection::vec(any::<u8>(), 0..60);
    let flags = prop::sample::select(vec![0, 1, 3, 4, 12]);
    let numbers = (any::<u16>(), flags, any::<u64>(), any::<u32>());
    (numbers, body).prop_map(|((kind, flags, call, remaining_ms), body)| Frame {
        kind: Kind(kind),
        flags: Flags(flags),
        call,
        remaining_ms,
        body: Bytes::from(body),
    })
}

fn stream(frames: &[Frame]) -> BytesMut {
    let mut stream = BytesMut::new();
    frames.iter().for_each(|frame| frame.encode(&mut stream));
    stream
}

/// Takes every whole frame from the buffer; answers what is wanted next.
fn drain(buffer: &mut BytesMut, frames: &mut Vec<Frame>) -> Result<usize, FrameError> {
    loop {
        match Frame::parse(buffer, LIMIT)? {
            Parsed::Frame(frame) => frames.push(frame),
            Parsed::Incomplete { wanted } => return Ok(wanted),
        }
    }
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_the_same_frames_come_out(
        frames in prop::collection::vec(frame(), 0..6),
        cuts in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let stream = stream(&frames);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let (mut buffer, mut parsed) = (BytesMut::new(), Vec::new());
        for piece in cuts.windows(2) {
            buffer.extend_from_slice(&stream[piece[0]..piece[1]]);
            drain(&mut buffer, &mut parsed).unwrap();
        }
        prop_assert_eq!(parsed, frames);
        prop_assert!(buffer.is_empty());
    }

    /// A reader that waits for what is wanted is never woken too early, and never waits for ever.
    #[test]
    fn what_is_wanted_is_more_than_there_is_and_no_more_than_the_frame(
        frame in frame(), len: Index,
    ) {
        let whole = stream(std::slice::from_ref(&frame));
        let len = len.index(whole.len());
        let mut prefix = BytesMut::from(&whole[..len]);
        let Parsed::Incomplete { wanted } = Frame::parse(&mut prefix, LIMIT).unwrap() else {
            return Err(TestCaseError::fail("a prefix was taken for a frame"));
        };
        prop_assert!(len < wanted && wanted <= whole.len(), "{} of {}", wanted, whole.len());
        prop_assert_eq!(&prefix[..], &whole[..len]);
    }

    #[test]
    fn random_bytes_end_in_frames_an_error_or_a_wait(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200), likely: bool,
    ) {
        if likely && bytes.len() > LENGTH_LEN {
            // A length that can be met and the right version: else nearly every stream ends at
            // its first fields.
            bytes[..LENGTH_LEN - 1].fill(0);
            bytes[LENGTH_LEN] = PROTOCOL_VERSION;
        }
        let mut buffer = BytesMut::from(&bytes[..]);
        let mut frames = Vec::new();
        let outcome = drain(&mut buffer, &mut frames);
        if let Ok(wanted) = outcome {
            prop_assert!(wanted > buffer.len());
            prop_assert!(wanted <= LIMIT as usize + LENGTH_LEN);
        }
        // What was taken is what was there, and nothing is skipped.
        let again = stream(&frames);
        prop_assert_eq!(&bytes[..again.len()], &again[..]);
        prop_assert_eq!(&bytes[again.len()..], &buffer[..]);
    }

    /// From the header alone: nobody waits for the body of what will be refused.
    #[test]
    fn a_header_that_is_wrong_is_refused_with_what_came(frame in frame(), wrong in 1_u8..) {
        let header = BytesMut::from(&stream(&[frame])[..HEADER_LEN]);
        let with = |at: usize, byte: u8| {
            let mut header = header.clone();
            header[at] = byte;
            Frame::parse(&mut header, LIMIT)
        };
        let version = PROTOCOL_VERSION.wrapping_add(wrong);
        prop_assert_eq!(with(LENGTH_LEN, version), Err(FrameError::UnknownVersion { version }));
        let flags = wrong | 0x10;
        prop_assert_eq!(with(LENGTH_LEN + 3, flags), Err(FrameError::UnknownFlags { flags }));
        let length = usize::from(wrong) % (HEADER_LEN - LENGTH_LEN);
        let short = with(LENGTH_LEN - 1, wrong % 16);
        prop_assert_eq!(short, Err(FrameError::TooShort { length }));
    }

    #[test]
    fn a_frame_over_the_limit_is_refused_from_its_length_alone(length in LIMIT + 1..) {
        let mut buffer = BytesMut::from(&length.to_be_bytes()[..]);
        let capacity = buffer.capacity();
        let refused = Frame::parse(&mut buffer, LIMIT);
        prop_assert_eq!(refused, Err(FrameError::TooLong { length, limit: LIMIT }));
        prop_assert_eq!(buffer.capacity(), capacity);
    }

    #[test]
    fn a_frame_of_exactly_the_limit_is_taken(kind: u16) {
        let body = Bytes::from(vec![7; LIMIT as usize + LENGTH_LEN - HEADER_LEN]);
        let frame = Frame { kind: Kind(kind), flags: Flags::REPLY, call: 1, remaining_ms: 0, body };
        let parsed = Frame::parse(&mut stream(std::slice::from_ref(&frame)), LIMIT);
        prop_assert_eq!(parsed, Ok(Parsed::Frame(frame)));
    }
}
