//! Memory that blocks stand on: recycled buffers, and bytes that many blocks share. The one module with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use memmap2::{Advice, Mmap, MmapMut};

/// From this size on a buffer is its own mapping and asks for huge pages: the size of one on x86-64. First touch of
/// 4 KiB pages costs more than parsing what they hold.
const HUGE_PAGE: usize = 2 << 20;

/// Zeroed memory of a fixed length, that the system hands out page by page as it is first touched.
pub(crate) enum Buffer {
    Heap(Vec<u8>),
    Pages(MmapMut),
}

impl Buffer {
    pub(crate) fn zeroed(len: usize) -> Buffer {
        if len < HUGE_PAGE {
            return Buffer::Heap(vec![0; len]);
        }
        match MmapMut::map_anon(len) {
            Ok(pages) => {
                // A kernel without huge pages refuses, and the buffer works all the same.
                #[cfg(target_os = "linux")]
                let _ = pages.advise(Advice::HugePage);
                Buffer::Pages(pages)
            }
            Err(_) => Buffer::Heap(vec![0; len]),
        }
    }
}

impl Deref for Buffer {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Buffer::Heap(bytes) => bytes,
            Buffer::Pages(pages) => pages,
        }
    }
}

impl DerefMut for Buffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Buffer::Heap(bytes) => bytes,
            Buffer::Pages(pages) => pages,
        }
    }
}

/// Bytes that never change and outlive every block that borrows from them: a mapped file or a caller's vector.
#[derive(Clone)]
pub(crate) struct Shared(Arc<dyn AsRef<[u8]> + Send + Sync>);

impl Shared {
    pub(crate) fn from_vec(bytes: Vec<u8>) -> Shared {
        Shared(Arc::new(bytes))
    }

    /// Maps the first `len` bytes of `file`. A `len` of 0 gives no bytes and maps nothing.
    pub(crate) fn map(file: &File, len: usize) -> io::Result<Shared> {
        if len == 0 {
            return Ok(Shared::from_vec(Vec::new()));
        }
        // SAFETY: the mapping is read-only and private to us. What mapping cannot rule out is another process that
        // rewrites the file meanwhile: the bytes are never used as anything but bytes, and `Random` asks for the
        // file's size before each block, so that a file that shrank is an error. `Access::Map` states the window
        // that is left, and is never the default.
        let map = unsafe { memmap2::MmapOptions::new().len(len).map(file)? };
        advise_sequential(&map);
        Ok(Shared(Arc::new(map)))
    }
}

fn advise_sequential(map: &Mmap) {
    // Advice only: whatever the kernel answers, the map can be read.
    let _ = map.advise(Advice::Sequential);
}

impl Deref for Shared {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        (*self.0).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_on_both_sides_of_the_huge_page_are_zeroed_and_writable() {
        for len in [128, HUGE_PAGE - 1, HUGE_PAGE, HUGE_PAGE + 12_345] {
            let mut buffer = Buffer::zeroed(len);
            assert_eq!(buffer.len(), len);
            assert!(buffer.iter().all(|byte| *byte == 0));
            buffer[len - 1] = 7;
            assert_eq!(buffer[len - 1], 7);
        }
    }
}
