"""docs/envelope.md, a second time: opens and makes envelopes with the material of a version, without a server."""

import os
import struct
import uuid

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

# What each suite is, and how long its keys are.
SUITES = {1: (AESGCM, 32), 2: (AESGCM, 16), 3: (AESGCMSIV, 32), 4: (ChaCha20Poly1305, 32)}
MESSAGE_MAX = 16_777_216
HEADER, NONCE = 70, 12


def encode_context(context):
    pairs = sorted((name.encode(), value.encode()) for name, value in (context or {}).items())
    encoded = struct.pack(">I", len(pairs))
    for name, value in pairs:
        encoded += struct.pack(">I", len(name)) + name + struct.pack(">I", len(value)) + value
    return encoded


def derive(suite, key, version, material, salt):
    info = b"claviger/envelope/1" + bytes([suite]) + key.bytes + struct.pack(">I", version)
    output = HKDF(hashes.SHA512(), 64, salt, info).derive(material)
    return output[: SUITES[suite][1]], output[32:]


def parse(envelope):
    assert 98 <= len(envelope) <= MESSAGE_MAX + 98, "length"
    assert envelope[0] == 0xC1 and envelope[1] in SUITES, "format or suite"
    version = int.from_bytes(envelope[18:22], "big")
    assert version > 0, "version"
    return envelope[1], uuid.UUID(bytes=envelope[2:18]), version


def open_envelope(envelope, material, context=None):
    suite, key, version = parse(envelope)
    assert len(material) == SUITES[suite][1], "material"
    subkey, commitment = derive(suite, key, version, material, envelope[22:38])
    assert commitment == envelope[38:70], "commitment"
    data = envelope[:HEADER] + encode_context(context)
    return SUITES[suite][0](subkey).decrypt(envelope[70:82], envelope[82:], data)


def seal(message, suite, key, version, material, context=None):
    salt, nonce = os.urandom(16), os.urandom(NONCE)
    key = uuid.UUID(key)
    subkey, commitment = derive(suite, key, version, material, salt)
    header = bytes([0xC1, suite]) + key.bytes + struct.pack(">I", version) + salt + commitment
    return header + nonce + SUITES[suite][0](subkey).encrypt(nonce, message, header + encode_context(context))
