//! The kernels by name: which instruction sets this build knows, which of them this CPU runs, and which one is in use.

use std::fmt;
use std::str::FromStr;

/// The environment variable that forces a kernel by name, e.g. `INGEST_KERNEL=portable`.
pub const KERNEL_VARIABLE: &str = "INGEST_KERNEL";

/// One way to run every bulk operation of this crate. All kernels give the same answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kernel {
    /// Plain Rust, eight bytes at a time where that helps; runs everywhere.
    Portable,
    /// x86-64 with AVX2, BMI1, BMI2, POPCNT and PCLMULQDQ.
    Avx2,
    /// x86-64 with AVX-512 F, BW, DQ, VL, VBMI and VBMI2, beside all of [`Kernel::Avx2`].
    Avx512,
}

impl Kernel {
    /// Every kernel of this build, slowest first, whether or not this CPU runs it.
    pub const ALL: [Kernel; 3] = [Kernel::Portable, Kernel::Avx2, Kernel::Avx512];

    /// The kernels that this CPU runs, slowest first; never empty.
    pub fn available() -> Vec<Kernel> {
        Self::ALL.into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    /// Whether this CPU has every instruction that the kernel uses.
    pub fn is_available(self) -> bool {
        match self {
            Kernel::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx2 => has_avx2(),
            #[cfg(target_arch = "x86_64")]
            Kernel::Avx512 => has_avx2() && has_avx512(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The fastest kernel that this CPU runs.
    pub fn fastest() -> Kernel {
        *Self::available().last().expect("the portable kernel runs everywhere")
    }

    /// The kernel to use: the one that [`KERNEL_VARIABLE`] names, else the fastest.
    ///
    /// # Errors
    /// The variable names no kernel, or one that this CPU does not run.
    pub fn select() -> Result<Kernel, UnknownKernel> {
        match std::env::var(KERNEL_VARIABLE) {
            Ok(name) if !name.is_empty() => {
                let kernel: Kernel = name.parse()?;
                if kernel.is_available() { Ok(kernel) } else { Err(UnknownKernel { name }) }
            }
            _ => Ok(Self::fastest()),
        }
    }

    /// The name that [`KERNEL_VARIABLE`] takes and that reports show.
    pub fn name(self) -> &'static str {
        match self {
            Kernel::Portable => "portable",
            Kernel::Avx2 => "avx2",
            Kernel::Avx512 => "avx512",
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("pclmulqdq")
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Kernel {
    type Err = UnknownKernel;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kernel| kernel.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownKernel { name: name.to_owned() })
    }
}

/// A kernel was asked for that does not exist or that this CPU cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKernel {
    /// What was asked for.
    pub name: String,
}

impl fmt::Display for UnknownKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Kernel::available().into_iter().map(Kernel::name).collect();
        write!(f, "no kernel {:?} on this CPU; it runs {}", self.name, names.join(", "))
    }
}

impl std::error::Error for UnknownKernel {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_the_portable_kernel_is_always_there() {
        for kernel in Kernel::ALL {
            assert_eq!(kernel.name().parse::<Kernel>(), Ok(kernel));
        }
        assert_eq!(Kernel::available()[0], Kernel::Portable);
        assert!("neon2".parse::<Kernel>().unwrap_err().to_string().contains("portable"));
    }
}
