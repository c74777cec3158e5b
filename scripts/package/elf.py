"""What an ELF file asks of the machine that loads it: the newest versions of its libraries' symbols."""

import re
import struct


def sections(data: bytes):
    """Type, offset, size and index of the linked section, of each section."""
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError("not a 64-bit little-endian ELF file")
    (offset,) = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    for index in range(count):
        at = offset + index * size
        (kind,) = struct.unpack_from("<I", data, at + 4)
        start, length, link = struct.unpack_from("<QQI", data, at + 0x18)
        yield kind, start, length, link


def needed_versions(data: bytes) -> set[str]:
    """Names such as GLIBC_2.28, from the section .gnu.version_r."""
    verneed = 0x6FFFFFFE
    all_sections = list(sections(data))
    found = set()
    for kind, start, _, link in all_sections:
        if kind != verneed:
            continue
        names = all_sections[link][1]
        entry = start
        while True:
            _, count, _, first, following = struct.unpack_from("<HHIII", data, entry)
            aux = entry + first
            for _ in range(count):
                _, _, _, name, step = struct.unpack_from("<IHHII", data, aux)
                found.add(data[names + name : data.index(b"\0", names + name)].decode())
                aux += step
            if not following:
                break
            entry += following
    return found


def glibc_floor(data: bytes) -> tuple[int, ...]:
    """The oldest glibc that the program can be loaded with."""
    versions = [re.fullmatch(r"GLIBC_([\d.]+)", name) for name in needed_versions(data)]
    return max(tuple(map(int, version[1].split("."))) for version in versions if version)
