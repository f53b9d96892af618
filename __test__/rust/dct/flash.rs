//! Tests that the DCT is found in an image of the whole flash by its bytes, in the place of either generation, or not
//! at all.

use duo_provision::dct::{COPY_SIZE, CopyRule, Dump, DumpKind, FLASH_SIZE, InFlash, find_in_flash};
use proptest::prelude::*;

use super::dump::{copy, sealed};

/// A flash that holds code everywhere, except in these sectors of 16 KiB from 0x4000 on.
fn flash(sectors: [Option<Vec<u8>>; 3]) -> Vec<u8> {
    let mut image: Vec<u8> = (0..=250).cycle().take(FLASH_SIZE).collect();
    for (nth, sector) in sectors.into_iter().enumerate() {
        let at = (nth + 1) * COPY_SIZE;
        if let Some(bytes) = sector {
            image[at..at + COPY_SIZE].copy_from_slice(&bytes);
        }
    }
    image
}

fn erased() -> Vec<u8> {
    vec![0xFF; COPY_SIZE]
}

#[test]
fn it_is_found_in_the_place_of_either_generation() {
    let old = [
        [Some(copy(1)), Some(erased()), None],
        [Some(copy(1)), Some(copy(2)), None],
        [Some(copy(1)), Some(copy(2)), Some(erased())],
        [Some(erased()), Some(copy(2)), None],
    ];
    let new = [
        [None, Some(sealed(1, 1)), Some(sealed(2, 2))],
        [None, Some(erased()), Some(sealed(2, 2))],
        [None, Some(sealed(1, 1)), Some(erased())],
        [Some(erased()), Some(sealed(1, 1)), Some(sealed(2, 2))],
    ];
    for (sectors, address) in
        old.into_iter().map(|s| (s, 0x0800_4000_u32)).chain(new.into_iter().map(|s| (s, 0x0800_8000)))
    {
        let image = flash(sectors);
        let at = usize::try_from(address - 0x0800_0000).unwrap();
        let dump = Dump::recognise(&image).expect("found");
        assert_eq!((dump.kind(), dump.address()), (DumpKind::Whole, Some(address)));
        assert_eq!(dump.bytes(), &image[at..at + 2 * COPY_SIZE]);
        let alone = Dump::recognise(dump.bytes()).expect("the same");
        assert_eq!(alone.address(), None);
        for rule in CopyRule::ALL {
            assert_eq!(dump.by(rule).copy(), alone.by(rule).copy());
        }
    }
}

#[test]
fn what_its_bytes_do_not_tell_is_not_guessed() {
    for sectors in [
        [Some(copy(1)), Some(copy(2)), Some(copy(3))],
        [Some(copy(1)), None, Some(copy(3))],
        [Some(erased()), Some(copy(2)), Some(erased())],
        [None, Some(copy(2)), None],
    ] {
        let image = flash(sectors);
        assert_eq!(find_in_flash(&image), Some(InFlash::Ambiguous));
        assert!(Dump::recognise(&image).is_none());
    }
    for sectors in [
        [None, None, None],
        [Some(erased()), Some(erased()), Some(erased())],
        [Some(erased()), None, Some(erased())],
    ] {
        let image = flash(sectors);
        assert_eq!(find_in_flash(&image), Some(InFlash::Nowhere));
        assert!(Dump::recognise(&image).is_none());
    }
    assert_eq!(find_in_flash(&vec![0xFF; FLASH_SIZE - 1]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    /// With any content of the sectors, a DCT that is found is in one of the two places.
    #[test]
    fn any_image_is_judged(starts in prop::collection::vec(prop::collection::vec(any::<u8>(), 16), 3), marks in prop::array::uniform3(0..3)) {
        let sectors = [0, 1, 2].map(|nth: usize| {
            let mut sector = vec![if marks[nth] == 0 { 0xFF } else { 0xA5 }; COPY_SIZE];
            if marks[nth] == 2 {
                sector[..16].copy_from_slice(&starts[nth]);
                sector[12..16].copy_from_slice(b"BRCM");
            }
            Some(sector)
        });
        let image = flash(sectors);
        if let Some(dump) = Dump::recognise(&image) {
            prop_assert!(matches!(dump.address(), Some(0x0800_4000 | 0x0800_8000)));
            prop_assert!(dump.whole().is_some());
        } else {
            prop_assert!(!matches!(find_in_flash(&image), Some(InFlash::At(_))));
        }
    }
}
