"""docs/key-material.md from outside: what keys are as bytes, and that signatures, codes and secrets are what the standards say."""

import hashlib
import hmac

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, mlkem, padding, rsa, utils, x25519
from second.house import OAEP, bring, create, data, export, post, spki, text

MESSAGE = b"a message of some length " * 40
HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


def pair(algorithm, usage=None):
    """A new key, and both of its halves."""
    key = create(algorithm, **({"usage": usage} if usage else {}))
    private = serialization.load_der_private_key(export(key), None)
    return key, private, private.public_key()


def sign(key, **given):
    return data(post(f"/v1/keys/{key}/sign", **given)["signature"])


def is_valid(key, signature, **given):
    return post(f"/v1/keys/{key}/verify", message=text(MESSAGE), signature=text(signature), **given)["valid"]


def digest(bits):
    return text(hashlib.new(f"sha{bits}", MESSAGE).digest())


for algorithm in ("RSA-2048", "RSA-3072", "RSA-4096"):
    key, private, public = pair(algorithm, "sign")
    for bits, hash in HASHES.items():
        pss, pkcs1 = padding.PSS(padding.MGF1(hash), hash.digest_size), padding.PKCS1v15()
        for scheme, pad in ((f"rsa-pss-sha-{bits}", pss), (f"rsa-pkcs1-sha-{bits}", pkcs1)):
            public.verify(sign(key, message=text(MESSAGE), scheme=scheme), MESSAGE, pad, hash)
            public.verify(sign(key, digest=digest(bits), scheme=scheme), MESSAGE, pad, hash)
            assert is_valid(key, private.sign(MESSAGE, pad, hash), scheme=scheme)
        assert not is_valid(key, private.sign(MESSAGE, padding.PSS(pss._mgf, 0), hash), scheme=f"rsa-pss-sha-{bits}")
    public.verify(sign(key, message=text(MESSAGE)), MESSAGE, padding.PSS(padding.MGF1(HASHES["256"]), 32), HASHES["256"])

key, private, public = pair("RSA-2048", "encrypt")
sha1 = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
for name, oaep in (("rsa-oaep-sha-256", OAEP), ("rsa-oaep-sha-1", sha1)):
    made = data(post(f"/v1/keys/{key}/encrypt", plaintext=text(b"hello"), padding=name)["ciphertext"])
    assert len(made) == 256 and private.decrypt(made, oaep) == b"hello"
    ours = text(public.encrypt(b"from outside", oaep))
    assert data(post("/v1/decrypt", key=key, ciphertext=ours, padding=name)["plaintext"]) == b"from outside"

for algorithm, bits, length in (("P-256", "256", 32), ("P-384", "384", 48), ("P-521", "512", 66), ("secp256k1", "256", 32)):
    key, private, public = pair(algorithm, "sign")
    own = ec.ECDSA(HASHES[bits])
    public.verify(sign(key, message=text(MESSAGE)), MESSAGE, own)
    public.verify(sign(key, digest=digest(bits)), MESSAGE, own)
    for other, hash in HASHES.items():
        public.verify(sign(key, message=text(MESSAGE), scheme=f"ecdsa-sha-{other}"), MESSAGE, ec.ECDSA(hash))
    plain = sign(key, message=text(MESSAGE), format="p1363")
    assert len(plain) == 2 * length
    r, s = int.from_bytes(plain[:length], "big"), int.from_bytes(plain[length:], "big")
    public.verify(utils.encode_dss_signature(r, s), MESSAGE, own)
    # Either of the two that go with r is taken.
    assert is_valid(key, utils.encode_dss_signature(r, public.curve.group_order - s))
    if algorithm != "secp256k1":
        key, private, public = pair(algorithm, "agree")
        theirs = ec.generate_private_key(public.curve)
        agreed = data(post(f"/v1/keys/{key}/agree", publicKey=text(spki(theirs.public_key())))["sharedSecret"])
        assert agreed == theirs.exchange(ec.ECDH(), public) and len(agreed) == length

key, private, public = pair("Ed25519")
public.verify(sign(key, message=text(MESSAGE)), MESSAGE)
assert is_valid(key, private.sign(MESSAGE))

key, private, public = pair("X25519")
theirs = x25519.X25519PrivateKey.generate()
agreed = data(post(f"/v1/keys/{key}/agree", publicKey=text(spki(theirs.public_key())))["sharedSecret"])
assert agreed == theirs.exchange(public)

for algorithm in ("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"):
    key, private, public = pair(algorithm)
    public.verify(sign(key, message=text(MESSAGE)), MESSAGE)
    tr = hashlib.shake_256(public.public_bytes_raw()).digest(64)
    mu = hashlib.shake_256(tr + b"\0\0" + MESSAGE).digest(64)
    public.verify(sign(key, mu=text(mu)), MESSAGE)
    assert is_valid(key, private.sign(MESSAGE))

for algorithm in ("ML-KEM-768", "ML-KEM-1024"):
    key, private, public = pair(algorithm)
    made = post(f"/v1/keys/{key}/encapsulate")
    assert private.decapsulate(data(made["encapsulation"])) == data(made["sharedSecret"])
    secret, ours = public.encapsulate()
    assert data(post(f"/v1/keys/{key}/decapsulate", encapsulation=text(ours))["sharedSecret"]) == secret

for bits, block in (("224", 64), ("256", 64), ("384", 128), ("512", 128)):
    key = create(f"HMAC-SHA-{bits}")
    brought = bring(f"HMAC-SHA-{bits}", bytes(range(block)), exportable=True)
    assert export(brought) == bytes(range(block))
    for each in (key, brought):
        made = data(post(f"/v1/keys/{each}/mac", message=text(MESSAGE))["mac"])
        assert made == hmac.digest(export(each), MESSAGE, f"sha{bits}")

# Pairs that were made elsewhere.
for algorithm, private in {
    "RSA-2048": rsa.generate_private_key(65537, 2048),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate(),
    "ML-KEM-768": mlkem.MLKEM768PrivateKey.generate(),
}.items():
    form = (serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key = bring(algorithm, private.private_bytes(*form), exportable=True)
    assert export(key) == private.private_bytes(*form), algorithm
