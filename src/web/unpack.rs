//! A body as it was sent, to the body as it was meant: plain or gzip, within limits.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Largest body as it is sent. Some five thousand events; more are sent in parts.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Largest body when it is unpacked.
pub const UNPACKED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many times larger a body may become. Events shrink to a tenth, very regular ones to a
/// fiftieth; what grows more is made to grow.
const RATIO_MAX: usize = 100;
/// Up to here the ratio says nothing.
const RATIO_FROM_BYTES: usize = 64 * 1024;
const PIECE_BYTES: usize = 32 * 1024;

/// Why a body cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotUnpack {
    /// It is not gzip, or is cut short.
    #[error("the body is no whole gzip, although content-encoding says so")]
    Damaged,
    /// It unpacks to too much.
    #[error("the body unpacks to more than {UNPACKED_BYTES_MAX} bytes or {RATIO_MAX} times its size; send it in parts")]
    TooLarge,
}

/// Unpacks a gzip body. Stops as soon as a limit is passed.
pub fn gunzip(body: &[u8]) -> Result<Vec<u8>, CannotUnpack> {
    let mut reader = MultiGzDecoder::new(body);
    let mut whole = Vec::new();
    let mut piece = vec![0; PIECE_BYTES];
    let ratio_max = RATIO_FROM_BYTES.max(body.len().saturating_mul(RATIO_MAX));
    loop {
        let length = reader.read(&mut piece).map_err(|_| CannotUnpack::Damaged)?;
        if length == 0 {
            return Ok(whole);
        }
        if whole.len() + length > UNPACKED_BYTES_MAX.min(ratio_max) {
            return Err(CannotUnpack::TooLarge);
        }
        whole.extend_from_slice(&piece[..length]);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_packed_is_unpacked_in_one_member_or_several() {
        assert_eq!(gunzip(&gzip(b"events")), Ok(b"events".to_vec()));
        assert_eq!(gunzip(&[gzip(b"eve"), gzip(b"nts")].concat()), Ok(b"events".to_vec()));
        assert_eq!(gunzip(&gzip(&vec![b'x'; RATIO_FROM_BYTES])).map(|whole| whole.len()), Ok(RATIO_FROM_BYTES));
    }

    #[test]
    fn bombs_are_not_unpacked() {
        assert_eq!(gunzip(&gzip(&vec![0; 1_000_000])), Err(CannotUnpack::TooLarge));
        // Not by their ratio alone: what is hard to pack is measured by its size.
        let noise: Vec<u8> =
            (0..=UNPACKED_BYTES_MAX as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert_eq!(gunzip(&gzip(&noise)), Err(CannotUnpack::TooLarge));
    }

    #[test]
    fn damage_is_told_from_size() {
        let whole = gzip(b"events");
        assert_eq!(gunzip(&whole[..whole.len() - 3]), Err(CannotUnpack::Damaged));
        assert_eq!(gunzip(b"events"), Err(CannotUnpack::Damaged));
    }
}
