//! Small pieces of bytes, close together: an allocator would add a header and a pointer to each, which together are as
//! much as the piece.

use std::collections::BTreeMap;

/// Pieces begin at multiples of this.
const UNIT: usize = 4;
/// Units in a chunk; a piece that is longer has a chunk of its own.
const CHUNK: usize = 64 * 1024;

/// Where a piece is.
pub(super) type Place = u32;

/// Pieces of bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Arena {
    chunks: Vec<Box<[u8]>>,
    /// Units of the last chunk that are taken.
    taken: usize,
    /// Places that are free again, by their length in units.
    free: BTreeMap<usize, Vec<Place>>,
}

impl Arena {
    /// Keeps a piece. Nothing if there is no more room, after 16 GiB.
    pub(super) fn put(&mut self, piece: &[u8]) -> Option<Place> {
        let length = u32::try_from(piece.len()).ok()?.to_le_bytes();
        let units = units(piece.len());
        let place = match self.reuse(units) {
            Some(place) => place,
            None => self.extend(units)?,
        };
        let (chunk, at) = split(place);
        let room = self.chunks.get_mut(chunk)?.get_mut(at..)?;
        room.get_mut(..HEAD)?.copy_from_slice(&length);
        room.get_mut(HEAD..HEAD + piece.len())?.copy_from_slice(piece);
        Some(place)
    }

    /// The piece at a place.
    pub(super) fn get(&self, place: Place) -> &[u8] {
        let (chunk, at) = split(place);
        let room = self.chunks.get(chunk).and_then(|chunk| chunk.get(at..));
        let Some((length, rest)) = room.and_then(|room| room.split_first_chunk()) else {
            return &[];
        };
        rest.get(..u32::from_le_bytes(*length) as usize)
            .unwrap_or_default()
    }

    /// Lets go of the piece at a place.
    pub(super) fn remove(&mut self, place: Place) {
        let units = units(self.get(place).len());
        self.free.entry(units).or_default().push(place);
    }

    fn reuse(&mut self, units: usize) -> Option<Place> {
        let places = self.free.get_mut(&units)?;
        let place = places.pop();
        if places.is_empty() {
            self.free.remove(&units);
        }
        place
    }

    fn extend(&mut self, units: usize) -> Option<Place> {
        if self.chunks.is_empty() || self.taken + units > CHUNK {
            self.retire();
            self.chunks
                .push(vec![0; units.max(CHUNK) * UNIT].into_boxed_slice());
            self.taken = 0;
        }
        let place = (self.chunks.len() - 1) * CHUNK + self.taken;
        self.taken += units;
        u32::try_from(place).ok()
    }

    /// What is left of the last chunk is for shorter pieces.
    fn retire(&mut self) {
        let Some(last) = self.chunks.len().checked_sub(1) else {
            return;
        };
        let left = CHUNK.saturating_sub(self.taken);
        if left > 0
            && let Ok(place) = u32::try_from(last * CHUNK + self.taken)
        {
            self.free.entry(left).or_default().push(place);
        }
    }
}

/// Bytes before a piece: its length.
const HEAD: usize = size_of::<u32>();

fn units(length: usize) -> usize {
    (HEAD + length).div_ceil(UNIT)
}

fn split(place: Place) -> (usize, usize) {
    let place = place as usize;
    (place / CHUNK, place % CHUNK * UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(number: usize) -> Vec<u8> {
        let length = number * 37 % 300;
        (0..length)
            .map(|at| u8::try_from(at * number % 251).unwrap())
            .collect()
    }

    #[test]
    fn what_is_put_is_found_until_it_is_removed_and_its_room_is_used_again() {
        let mut arena = Arena::default();
        let places: Vec<_> = (0..10_000)
            .map(|number| arena.put(&piece(number)).unwrap())
            .collect();
        for (number, place) in places.iter().enumerate() {
            assert_eq!(arena.get(*place), piece(number));
        }
        let chunks = arena.chunks.len();
        for round in 0..3 {
            for place in places.iter().step_by(2) {
                arena.remove(*place);
            }
            for number in (0..10_000).step_by(2) {
                assert!(arena.put(&piece(number + round * 10_000)).is_some());
            }
        }
        assert!(
            arena.chunks.len() <= chunks + 3,
            "{} of {chunks}",
            arena.chunks.len()
        );
        for (number, place) in places.iter().enumerate().skip(1).step_by(2) {
            assert_eq!(arena.get(*place), piece(number));
        }
    }

    #[test]
    fn a_piece_may_be_longer_than_a_chunk() {
        let mut arena = Arena::default();
        let long = vec![7; CHUNK * UNIT + 1];
        let before = arena.put(b"before").unwrap();
        let place = arena.put(&long).unwrap();
        let after = arena.put(b"after").unwrap();
        assert_eq!(arena.get(place), long);
        assert_eq!(
            (arena.get(before), arena.get(after)),
            (&b"before"[..], &b"after"[..])
        );
    }
}
