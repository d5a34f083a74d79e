//! What the file of a module is, by its header: loaders say "wrong ELF class" or nothing at all, and people want to know
//! for which processor the library is that they were given.

mod header;

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Headers end before this: that of a PE file comes after a DOS program, and a universal Mach-O begins with a table.
const HEADER: u64 = 4096;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleFile {
    /// A shared library; one for macOS can be for several processors.
    Library(Vec<Architecture>),
    /// A folder.
    Folder,
    /// Anything else, in words that follow "it is".
    Other(&'static str),
}

/// For what a library was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// The system, by the format of the file.
    pub format: Format,
    /// The processor.
    pub processor: Processor,
}

/// The format of a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Linux and other Unix systems (System V ABI, chapter 4).
    Elf,
    /// macOS.
    MachO,
    /// Windows.
    Pe,
}

/// The processors for which PKCS#11 modules are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// 32-bit x86.
    X86,
    /// x86-64.
    X86_64,
    /// 32-bit ARM.
    Arm,
    /// 64-bit ARM.
    Aarch64,
    /// 64-bit POWER, little-endian.
    PowerPc64Le,
    /// 64-bit POWER, big-endian.
    PowerPc64,
    /// IBM Z.
    S390x,
    /// 64-bit RISC-V.
    RiscV64,
    /// 64-bit `LoongArch`.
    LoongArch64,
    /// One that is not known here, by its number in the format.
    Other(u32),
}

impl ModuleFile {
    /// Looks at a path; the file is not loaded.
    ///
    /// # Errors
    /// The system's, when there is nothing or it may not be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let kind = std::fs::metadata(path)?;
        if kind.is_dir() {
            return Ok(Self::Folder);
        }
        // To open a pipe would wait for somebody who writes into it.
        if !kind.is_file() {
            return Ok(Self::Other("a device or a pipe"));
        }
        let mut header = Vec::new();
        File::open(path)?.take(HEADER).read_to_end(&mut header)?;
        Ok(header::read(&header))
    }

    /// Why this program cannot load it, in words that follow "it is"; `None` when nothing speaks against it.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        match self {
            Self::Folder => Some("a folder, not a shared library".to_owned()),
            Self::Other(what) => Some(format!("{what}, not a shared library")),
            Self::Library(built) => {
                let own = Architecture::own();
                let names: Vec<_> = built.iter().map(ToString::to_string).collect();
                // A processor or system that is not known here is left to the loader.
                let fits = own.is_none_or(|own| built.contains(&own));
                let own = own.map(|own| own.to_string()).unwrap_or_default();
                (!fits).then(|| format!("a library for {}, and this hsmcert is for {own}", names.join(" and ")))
            }
        }
    }
}

impl Architecture {
    /// For what this program was built; `None` on systems and processors that are not known here.
    #[must_use]
    pub fn own() -> Option<Self> {
        use std::env::consts::{ARCH, OS};
        let processor = match ARCH {
            "x86" => Processor::X86,
            "x86_64" => Processor::X86_64,
            "arm" => Processor::Arm,
            "aarch64" => Processor::Aarch64,
            "powerpc64" if cfg!(target_endian = "little") => Processor::PowerPc64Le,
            "powerpc64" => Processor::PowerPc64,
            "s390x" => Processor::S390x,
            "riscv64" => Processor::RiscV64,
            "loongarch64" => Processor::LoongArch64,
            _ => return None,
        };
        let format = match OS {
            "windows" => Format::Pe,
            "macos" => Format::MachO,
            "linux" | "freebsd" | "netbsd" | "openbsd" | "dragonfly" | "solaris" | "illumos" => Format::Elf,
            _ => return None,
        };
        Some(Self { format, processor })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let system = match self.format {
            Format::Elf if std::env::consts::OS == "linux" => "Linux",
            Format::Elf => "Linux or another Unix",
            Format::MachO => "macOS",
            Format::Pe => "Windows",
        };
        write!(f, "{system} on {}", self.processor)
    }
}

impl fmt::Display for Processor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86 => "32-bit x86",
            Self::X86_64 => "64-bit x86",
            Self::Arm => "32-bit ARM",
            Self::Aarch64 => "64-bit ARM",
            Self::PowerPc64Le => "64-bit POWER (little-endian)",
            Self::PowerPc64 => "64-bit POWER (big-endian)",
            Self::S390x => "IBM Z",
            Self::RiscV64 => "64-bit RISC-V",
            Self::LoongArch64 => "64-bit LoongArch",
            Self::Other(number) => return write!(f, "an unknown processor ({number:#x})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_libraries_have_no_flaw_and_others_name_both_processors() {
        let own = Architecture::own().unwrap();
        assert_eq!(ModuleFile::Library(vec![own]).flaw(), None);
        let other = Architecture { format: own.format, processor: Processor::Other(9) };
        let other = ModuleFile::Library(vec![other]).flaw().unwrap();
        assert!(other.contains("0x9") && other.contains(&own.to_string()), "{other}");
    }
}
