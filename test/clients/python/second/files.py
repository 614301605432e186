"""docs/file-format.md, a second time: opens and makes files with their data key, without a server."""

import hashlib
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"CLAVIGER"


def derive(data_key, salt, before_commitment):
    header_hash = hashlib.sha256(before_commitment).digest()
    output = HKDF(hashes.SHA512(), 64, salt, b"claviger/file/1" + header_hash).derive(data_key)
    return header_hash, output[:32], output[32:]


def nonce(number, last):
    return number.to_bytes(11, "big") + bytes([last])


def wrapped_key(file):
    assert file[:8] == MAGIC and file[8] == 1 and file[9] == 1, "magic, format or suite"
    assert 12 <= file[10] <= 24, "chunk bits"
    length = int.from_bytes(file[11:15], "big")
    assert 1 <= length <= 4096, "length of the wrapped data key"
    assert len(file) >= 79 + length, "cut off"
    return file[15 : 15 + length]


def decrypt(file, data_key):
    end = 15 + len(wrapped_key(file))
    salt, commitment, body = file[end : end + 32], file[end + 32 : end + 64], file[end + 64 :]
    header_hash, payload_key, wanted = derive(data_key, salt, file[: end + 32])
    assert commitment == wanted, "commitment"
    size = (1 << file[10]) + 16
    chunks = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    message = b""
    for number, chunk in enumerate(chunks):
        part = AESGCM(payload_key).decrypt(nonce(number, number == len(chunks) - 1), chunk, header_hash)
        assert part or len(chunks) == 1, "empty chunk"
        message += part
    return message


def encrypt(message, data_key, wrapped, bits=20):
    before = MAGIC + bytes([1, 1, bits]) + struct.pack(">I", len(wrapped)) + wrapped + os.urandom(32)
    header_hash, payload_key, commitment = derive(data_key, before[-32:], before)
    size = 1 << bits
    chunks = [message[at : at + size] for at in range(0, len(message), size)] or [b""]
    file = before + commitment
    for number, chunk in enumerate(chunks):
        file += AESGCM(payload_key).encrypt(nonce(number, number == len(chunks) - 1), chunk, header_hash)
    return file
