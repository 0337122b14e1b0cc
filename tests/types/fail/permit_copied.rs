//! A permit cannot be copied, nor read from bytes that somebody else wrote.

use decile::permit::WritePermit;

fn copy(permit: &WritePermit) -> WritePermit {
    permit.clone()
}

fn read(bytes: &[u8]) -> WritePermit {
    serde_json::from_slice(bytes).unwrap()
}

fn main() {
    let _ = (copy, read);
}
