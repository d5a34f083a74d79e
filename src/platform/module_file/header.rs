//! The headers of libraries: ELF, PE and Mach-O.

use super::{Architecture, Format, ModuleFile, Processor};

/// What a file with this beginning is.
pub(super) fn read(header: &[u8]) -> ModuleFile {
    match header {
        [] => ModuleFile::Other("an empty file"),
        [0x7f, b'E', b'L', b'F', ..] => elf(header),
        [b'M', b'Z', ..] => pe(header),
        [0xcf, 0xfa, 0xed, 0xfe, ..] | [0xce, 0xfa, 0xed, 0xfe, ..] => mach_o(header),
        [0xca, 0xfe, 0xba, last @ (0xbe | 0xbf), ..] => universal(header, if *last == 0xbe { 20 } else { 32 }),
        [b'#', b'!', ..] => ModuleFile::Other("a script"),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => ModuleFile::Other("a static library"),
        text if text.iter().all(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e)) => {
            ModuleFile::Other("a text file")
        }
        _ => ModuleFile::Other("a file of an unknown kind"),
    }
}

/// ELF: class and byte order, then the type of the file and the machine (System V ABI, "ELF Header").
fn elf(header: &[u8]) -> ModuleFile {
    const SHARED: u16 = 3;
    let (Some(class), Some(order)) = (header.get(4), header.get(5)) else { return ModuleFile::Other("a cut ELF file") };
    let number = |at| if *order == 2 { u16_be(header, at) } else { u16_le(header, at) };
    let (Some(kind), Some(machine)) = (number(16), number(18)) else { return ModuleFile::Other("a cut ELF file") };
    if kind != SHARED {
        return ModuleFile::Other("a program or an object file");
    }
    let processor = match (machine, class, order) {
        (3, 1, _) => Processor::X86,
        (62, 2, _) => Processor::X86_64,
        (40, 1, _) => Processor::Arm,
        (183, 2, _) => Processor::Aarch64,
        (21, 2, 1) => Processor::PowerPc64Le,
        (21, 2, _) => Processor::PowerPc64,
        (22, 2, _) => Processor::S390x,
        (243, 2, _) => Processor::RiscV64,
        (258, 2, _) => Processor::LoongArch64,
        (other, ..) => Processor::Other(other.into()),
    };
    ModuleFile::Library(vec![Architecture { format: Format::Elf, processor }])
}

/// PE: the place of its header is at 0x3c of the DOS header (Microsoft, "PE Format").
fn pe(header: &[u8]) -> ModuleFile {
    const DLL: u16 = 0x2000;
    let start =
        u32_le(header, 0x3c).and_then(|start| usize::try_from(start).ok()).filter(|start| *start < header.len());
    let start = start.filter(|start| header[*start..].starts_with(b"PE\0\0"));
    let fields = start.and_then(|start| Some((u16_le(header, start + 4)?, u16_le(header, start + 22)?)));
    let Some((machine, flags)) = fields else { return ModuleFile::Other("a DOS program") };
    if flags & DLL == 0 {
        return ModuleFile::Other("a program");
    }
    let processor = match machine {
        0x014c => Processor::X86,
        0x8664 => Processor::X86_64,
        0x01c0 | 0x01c4 => Processor::Arm,
        0xaa64 => Processor::Aarch64,
        other => Processor::Other(other.into()),
    };
    ModuleFile::Library(vec![Architecture { format: Format::Pe, processor }])
}

/// Mach-O: `cputype` and `filetype` (Apple, `mach-o/loader.h`).
fn mach_o(header: &[u8]) -> ModuleFile {
    const LIBRARY: [u32; 2] = [6, 8];
    match (u32_le(header, 4), u32_le(header, 12)) {
        (Some(processor), Some(kind)) if LIBRARY.contains(&kind) => {
            let processor = apple_processor(processor);
            ModuleFile::Library(vec![Architecture { format: Format::MachO, processor }])
        }
        _ => ModuleFile::Other("a program or an object file"),
    }
}

/// A universal Mach-O: a table of so many processors, each with the place of its library (Apple, `mach-o/fat.h`).
fn universal(header: &[u8], entry: usize) -> ModuleFile {
    // Java classes begin with the same four bytes, and have a version of 45 or more where the number would be.
    let Some(count @ 1..=30) = u32_be(header, 4) else { return ModuleFile::Other("a file of an unknown kind") };
    let processors = (0..count as usize).filter_map(|index| u32_be(header, 8 + index * entry)).map(apple_processor);
    ModuleFile::Library(processors.map(|processor| Architecture { format: Format::MachO, processor }).collect())
}

fn apple_processor(number: u32) -> Processor {
    match number {
        7 => Processor::X86,
        0x0100_0007 => Processor::X86_64,
        12 => Processor::Arm,
        0x0100_000c => Processor::Aarch64,
        other => Processor::Other(other),
    }
}

fn bytes<const N: usize>(header: &[u8], at: usize) -> Option<[u8; N]> {
    header.get(at..)?.first_chunk().copied()
}

fn u16_le(header: &[u8], at: usize) -> Option<u16> {
    bytes(header, at).map(u16::from_le_bytes)
}

fn u16_be(header: &[u8], at: usize) -> Option<u16> {
    bytes(header, at).map(u16::from_be_bytes)
}

fn u32_le(header: &[u8], at: usize) -> Option<u32> {
    bytes(header, at).map(u32::from_le_bytes)
}

fn u32_be(header: &[u8], at: usize) -> Option<u32> {
    bytes(header, at).map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ELF` class, byte order and machine; type 3, a shared library.
    fn elf_header(class: u8, order: u8, machine: u8) -> Vec<u8> {
        let mut header = vec![0x7f, b'E', b'L', b'F', class, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        header.extend(if order == 2 { [0, 3, 0, machine] } else { [3, 0, machine, 0] });
        header
    }

    fn pe_header(machine: u16, flags: u16) -> Vec<u8> {
        let mut header = vec![0; 0x98];
        header[..2].copy_from_slice(b"MZ");
        header[0x3c] = 0x80;
        header[0x80..0x84].copy_from_slice(b"PE\0\0");
        header[0x84..0x86].copy_from_slice(&machine.to_le_bytes());
        header[0x96..].copy_from_slice(&flags.to_le_bytes());
        header
    }

    #[test]
    fn libraries_of_three_systems() {
        let library = |header: &[u8]| match read(header) {
            ModuleFile::Library(built) => built.iter().map(|one| (one.format, one.processor)).collect(),
            other => panic!("{other:?}"),
        };
        let universal =
            [&[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 2, 1, 0, 0, 7][..], &[0; 16], &[1, 0, 0, 12], &[0; 16]].concat();
        let mach_o = [0xcf, 0xfa, 0xed, 0xfe, 12, 0, 0, 1, 0, 0, 0, 0, 6, 0, 0, 0];
        type Built = Vec<(Format, Processor)>;
        let expected: [(&[u8], Built); 7] = [
            (&elf_header(1, 1, 3), vec![(Format::Elf, Processor::X86)]),
            (&elf_header(2, 1, 62), vec![(Format::Elf, Processor::X86_64)]),
            (&elf_header(2, 1, 183), vec![(Format::Elf, Processor::Aarch64)]),
            (&elf_header(2, 2, 22), vec![(Format::Elf, Processor::S390x)]),
            (&pe_header(0x8664, 0x2022), vec![(Format::Pe, Processor::X86_64)]),
            (&mach_o, vec![(Format::MachO, Processor::Aarch64)]),
            (&universal, vec![(Format::MachO, Processor::X86_64), (Format::MachO, Processor::Aarch64)]),
        ];
        for (header, built) in expected {
            let found: Vec<_> = library(header);
            assert_eq!(found, built);
        }
    }

    #[test]
    fn what_is_no_library_has_a_name() {
        for (header, name) in [
            (&b""[..], "an empty file"),
            (b"#!/bin/sh\n", "a script"),
            (b"module: /usr/lib/x.so\n", "a text file"),
            (b"!<arch>\nx", "a static library"),
            (b"\x7fELF", "a cut ELF file"),
            (b"\x7fELF\x02\x01", "a cut ELF file"),
            (&pe_header(0x8664, 0x22), "a program"),
            (b"MZ", "a DOS program"),
            (b"MZ\xff\xff\xff\xff", "a DOS program"),
            (b"\xca\xfe\xba\xbe\0\0\0\x41", "a file of an unknown kind"),
            (b"\xcf\xfa\xed\xfe", "a program or an object file"),
            (b"\0\x01\x02", "a file of an unknown kind"),
        ] {
            assert_eq!(read(header), ModuleFile::Other(name));
        }
    }
}
