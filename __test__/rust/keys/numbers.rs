//! Tests that all eight numbers are checked: with one wrong bit or one wrong relation there is no key.

use crypto_bigint::{NonZero, Odd, U512, U1024};
use crypto_primes::{Flavor, is_prime, random_prime};
use duo_provision::keys::{KeyError, Number, PrivateKey, PublicKey, Relation};
use proptest::prelude::*;

use super::support::{Seeded, VECTORS, magnitudes, pkcs1};

fn error_of(numbers: &[Vec<u8>]) -> KeyError {
    PrivateKey::read(&pkcs1(numbers)).expect_err("its numbers are wrong")
}

#[test]
fn every_single_bit_of_one_key_matters() {
    let device = &VECTORS[0].device;
    for bit in 0..device.len() * 8 {
        let mut damaged = device.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(PrivateKey::read(&damaged).is_err(), "bit {bit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_wrong_bit_in_any_number_of_any_key_is_refused(
        vector in 0..120_usize, number in 0..8_usize, bit in any::<prop::sample::Index>(),
    ) {
        let mut numbers = magnitudes(&VECTORS[vector].key);
        let bit = bit.index(numbers[number].len() * 8);
        numbers[number][bit / 8] ^= 1 << (bit % 8);
        prop_assert!(PrivateKey::read(&pkcs1(&numbers)).is_err());
    }

    #[test]
    fn two_keys_do_not_mix(a in 0..120_usize, b in 0..120_usize, number in 0..8_usize) {
        prop_assume!(a != b && number != 1);
        let mut numbers = magnitudes(&VECTORS[a].key);
        numbers[number] = magnitudes(&VECTORS[b].key)[number].clone();
        prop_assert!(PrivateKey::read(&pkcs1(&numbers)).is_err());
    }
}

#[test]
fn each_relation_has_its_own_error() {
    let sound = magnitudes(&VECTORS[0].key);
    let expected = [
        (3, Relation::Modulus),
        (4, Relation::Modulus),
        (2, Relation::Exponent),
        (5, Relation::ExponentP),
        (6, Relation::ExponentQ),
        (7, Relation::Coefficient),
    ];
    for (number, relation) in expected {
        let mut numbers = sound.clone();
        numbers[number][20] ^= 1;
        assert_eq!(error_of(&numbers), KeyError::Inconsistent(relation));
    }
}

#[test]
fn primes_are_not_swapped_without_recomputing() {
    let mut numbers = magnitudes(&VECTORS[0].key);
    numbers.swap(3, 4);
    assert_eq!(error_of(&numbers), KeyError::Inconsistent(Relation::ExponentP));
    numbers.swap(5, 6);
    assert_eq!(error_of(&numbers), KeyError::Inconsistent(Relation::Coefficient));
}

#[test]
fn zeros_and_giants_are_refused() {
    let sound = magnitudes(&VECTORS[0].key);
    for number in [3, 4, 5, 6, 7] {
        let mut numbers = sound.clone();
        numbers[number] = vec![0];
        assert!(matches!(error_of(&numbers), KeyError::Inconsistent(_)));
        numbers[number] = vec![0x7F; 65];
        assert!(matches!(error_of(&numbers), KeyError::Inconsistent(Relation::TooLarge(_))));
    }
    let mut numbers = sound.clone();
    numbers[2] = vec![0x7F; 129];
    assert_eq!(error_of(&numbers), KeyError::Inconsistent(Relation::TooLarge(Number::D)));
    numbers[0] = vec![0];
    assert!(matches!(error_of(&numbers), KeyError::Malformed(_)));
    numbers[0] = vec![0x7F; 40_000];
    assert_eq!(error_of(&numbers), KeyError::WrongSize(319_999));
}

/// The numbers of a key whose two factors need not be prime.
fn key_of(p: U512, q: U512, d: Option<U1024>) -> Vec<Vec<u8>> {
    let n: U1024 = p.concatenating_mul(&q);
    let less_one = |x: U512| NonZero::new(x.wrapping_sub(&U512::ONE)).expect("not 1");
    let (p1, q1) = (less_one(p), less_one(q));
    let phi: U1024 = p1.as_ref().concatenating_mul(q1.as_ref());
    let inverse = || U1024::from(65_537_u32).invert_mod(&NonZero::new(phi).expect("not 0"));
    let d = d.unwrap_or_else(|| inverse().expect("e has an inverse"));
    let odd_p = Odd::new(p).expect("odd");
    let qinv = q.rem(odd_p.as_nz_ref()).invert_odd_mod(&odd_p).into_option().unwrap_or(U512::ZERO);
    let wide = |x: U1024| x.to_be_bytes().as_slice().to_vec();
    let half = |x: U512| x.to_be_bytes().as_slice().to_vec();
    vec![wide(n), vec![1, 0, 1], wide(d), half(p), half(q), half(d.rem(&p1)), half(d.rem(&q1)), half(qinv)]
}

fn factor(number: Number) -> U512 {
    U512::from_be_slice(&VECTORS[0].key.number(number))
}

#[test]
fn the_helper_makes_sound_keys_of_primes() {
    let numbers = key_of(factor(Number::P), factor(Number::Q), None);
    assert_eq!(PrivateKey::read(&pkcs1(&numbers)).expect("sound").key, VECTORS[0].key);
}

/// Every relation holds except primality, which only the last check sees.
#[test]
fn composite_factors_are_refused() {
    let mut rng = Seeded::new(7);
    let composite = loop {
        let a: U512 = random_prime(&mut rng, Flavor::Any, 256);
        let b: U512 = random_prime(&mut rng, Flavor::Any, 256);
        let product = a.wrapping_mul(&b);
        if product.bit_width() == 512 && product.bit_vartime(510) {
            break product;
        }
    };
    assert!(!is_prime(Flavor::Any, &composite));
    let (p, q) = (factor(Number::P), factor(Number::Q));
    assert_eq!(error_of(&key_of(composite, q, None)), KeyError::Inconsistent(Relation::CompositeP));
    assert_eq!(error_of(&key_of(p, composite, None)), KeyError::Inconsistent(Relation::CompositeQ));
}

#[test]
fn equal_primes_are_refused() {
    let p = factor(Number::P);
    assert_eq!(error_of(&key_of(p, p, None)), KeyError::Inconsistent(Relation::EqualPrimes));
}

#[test]
fn d_has_to_belong_to_both_primes() {
    let (p, q) = (factor(Number::P), factor(Number::Q));
    let d = U1024::from_be_slice(&VECTORS[0].key.number(Number::D));
    for prime in [p, q] {
        let less_one: U1024 = prime.wrapping_sub(&U512::ONE).resize();
        // Right modulo this prime less one, but wrong modulo the other.
        let half_right = if d > less_one { d.wrapping_sub(&less_one) } else { d.wrapping_add(&less_one) };
        let error = error_of(&key_of(p, q, Some(half_right)));
        assert_eq!(error, KeyError::Inconsistent(Relation::Exponent));
    }
}

#[test]
fn an_even_modulus_is_refused_in_a_public_key_too() {
    let mut spki = VECTORS[0].spki.clone();
    let last = PublicKey::SPKI_LEN - 6;
    spki[last] &= 0xFE;
    assert_eq!(PublicKey::read(&spki), Err(KeyError::Malformed("the modulus is even")));
}

#[test]
fn d_may_be_reduced_modulo_lambda_but_not_exceed_n() {
    let (p, q) = (factor(Number::P), factor(Number::Q));
    let (p1, q1) = (p.wrapping_sub(&U512::ONE), q.wrapping_sub(&U512::ONE));
    let phi: U1024 = p1.concatenating_mul(&q1);
    let gcd: U1024 = p1.gcd(&q1).resize();
    let lambda = phi.wrapping_div(&NonZero::new(gcd).expect("not 0"));
    let d = U1024::from_be_slice(&VECTORS[0].key.number(Number::D));
    let reduced = d.rem(&NonZero::new(lambda).expect("not 0"));
    assert!(PrivateKey::read(&pkcs1(&key_of(p, q, Some(reduced)))).is_ok());

    let mut large = reduced;
    let n: U1024 = p.concatenating_mul(&q);
    while large < n {
        large = large.wrapping_add(&lambda);
    }
    assert!(large >= n, "it did not wrap");
    let error = error_of(&key_of(p, q, Some(large)));
    assert_eq!(error, KeyError::Inconsistent(Relation::LargeExponent));
}
