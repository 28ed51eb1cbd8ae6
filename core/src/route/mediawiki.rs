use alloc::collections::BinaryHeap;
use alloc::vec::Vec;
use md5::{Digest, Md5};

/// The indices of `servers` in the order in which MediaWiki's client tries them for `key`: by the md5 of server and key together, smallest first.
///
/// `key` is the raw key, before a space is encoded for the wire. Servers of equal digest keep their order.
pub fn mediawiki_order<S: AsRef<[u8]>>(servers: &[S], key: &[u8]) -> impl Iterator<Item = usize> {
    // The order of digests is the order of their hexadecimal texts, which is what MediaWiki compares.
    let digest = |server: &S| u128::from_be_bytes(Md5::new().chain_update(server).chain_update(key).finalize().into());
    let order: Vec<(u128, usize)> = servers.iter().enumerate().map(|(index, server)| (digest(server), index)).collect();
    // As in the ring.
    BinaryHeap::from(order).into_sorted_vec().into_iter().map(|(_, index)| index)
}
