"""
The envelope and the file format from outside: the published vectors, what a server made opened without it, and what was made without it
opened there.
"""

import hashlib
import json
import os
import sys

from cryptography.exceptions import InvalidTag
from second import envelope, files
from second.house import bring, command, create, data, export, post, text

root = sys.argv[1]


def refused(what, *given):
    try:
        what(*given)
    except (AssertionError, InvalidTag):
        return
    raise AssertionError("it was not refused")


def vectors(path):
    with open(os.path.join(root, path)) as file:
        return json.load(file)


published = vectors("server/test/vectors/envelope-1.json")
for vector in published["vectors"]:
    ciphertext, material = bytes.fromhex(vector["ciphertext"]), bytes.fromhex(vector["keyMaterial"])
    assert envelope.open_envelope(ciphertext, material, vector["context"]) == bytes.fromhex(vector["plaintext"])
first = published["vectors"][0]
for vector in published["invalid"]:
    refused(envelope.open_envelope, bytes.fromhex(vector["ciphertext"]), bytes.fromhex(first["keyMaterial"]), first["context"])
for vector in vectors("sdk/test/vectors/file-1.json")["vectors"]:
    plaintext = files.decrypt(data(vector["file"]), bytes.fromhex(vector["dataKey"]))
    assert plaintext == bytes(place % 251 for place in range(vector["plaintextLength"])), vector["comment"]

# In the order of the bytes of the names, which is not that of UTF-16.
context = {"\U0001f600": "x", "\uff5e": "y", "ab": "", "a": "é", "10": "1", "9": "2"}
for suite, algorithm in {1: "AES-256-GCM", 2: "AES-128-GCM", 3: "AES-256-GCM-SIV", 4: "ChaCha20-Poly1305"}.items():
    key = create(algorithm)
    material = export(key)
    made = data(post(f"/v1/keys/{key}/encrypt", plaintext=text(b"hello"), context=context)["ciphertext"])
    assert envelope.open_envelope(made, material, context) == b"hello"
    refused(envelope.open_envelope, made, material)
    for message in (b"", b"from outside"):
        ours = envelope.seal(message, suite, key, 1, material, context)
        assert data(post("/v1/decrypt", ciphertext=text(ours), context=context)["plaintext"]) == message
    own = os.urandom(len(material))
    ours = envelope.seal(b"under my own", suite, bring(algorithm, own), 1, own)
    assert data(post("/v1/decrypt", ciphertext=text(ours))["plaintext"]) == b"under my own"

# Related keys: a ciphertext names the one that was made first.
primary = create("AES-256-GCM", region="eu-1", multiRegion=True)
replica = post(f"/v1/keys/{primary}/replicate", region="us-1")["id"]
made = data(post(f"/v1/keys/{replica}/encrypt", plaintext=text(b"there"))["ciphertext"])
assert str(envelope.parse(made)[1]) == primary and envelope.open_envelope(made, export(replica)) == b"there"

bound = ("--context", "purpose=backup")
material = export(primary)
wrapped = post(f"/v1/keys/{primary}/datakey", context={"purpose": "backup"})
for size in (0, 1, 1 << 20, (1 << 20) + 1, 2_500_000):
    message = hashlib.shake_128(b"%d" % size).digest(size)
    file = command("encrypt", "-k", primary, *bound, stdin=message)
    data_key = envelope.open_envelope(files.wrapped_key(file), material, {"purpose": "backup"})
    assert files.decrypt(file, data_key) == message
    assert len(file) == 79 + len(files.wrapped_key(file)) + size + 16 * max(1, -(-size // (1 << file[10])))
    ours = files.encrypt(message, data(wrapped["plaintext"]), data(wrapped["ciphertext"]), 12)
    assert command("decrypt", *bound, stdin=ours) == message
command("decrypt", *bound, stdin=ours[:-4112], code=8)
