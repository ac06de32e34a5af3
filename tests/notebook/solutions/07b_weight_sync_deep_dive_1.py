import struct
import zlib


def pack(version, weights):
    content = struct.pack("<I", version) + weights
    return struct.pack("<I", zlib.crc32(content)) + content


def unpack(packed):
    checksum, version = struct.unpack_from("<II", packed)
    return (version, packed[8:]) if checksum == zlib.crc32(packed[4:]) else None


old, new = pack(1, b"1" * 100), pack(2, b"2" * 100)
torn = new[:50] + old[50:]
print("whole:", unpack(old) == (1, b"1" * 100), unpack(new) == (2, b"2" * 100))
print("torn:", unpack(torn))
