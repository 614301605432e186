"""
docs/ledger.md, a second time: the tree, tiles, bundles, checkpoints, proofs and statements of an exported ledger, and that no key is used
after its revocation.
"""

import base64
import hashlib
import json
import os
import re
import struct

from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size):
    """The largest power of two smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def root(hashes):
    if len(hashes) == 0:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    at = split(len(hashes))
    return node_hash(root(hashes[:at]), root(hashes[at:]))


def root_from_proof(index, size, leaf, path):
    """RFC 9162 section 2.1.3.2."""
    assert index < size
    at, last, node = index, size - 1, leaf
    for step in path:
        assert last > 0, "proof too long"
        if at % 2 == 1 or at == last:
            node = node_hash(step, node)
            while at % 2 == 0 and at > 0:
                at, last = at // 2, last // 2
        else:
            node = node_hash(node, step)
        at, last = at // 2, last // 2
    assert last == 0, "proof too short"
    return node


def number_path(number):
    groups = f"{number:0{-(-len(str(number)) // 3) * 3}d}"
    parts = [groups[at : at + 3] for at in range(0, len(groups), 3)]
    return "/".join(["x" + part for part in parts[:-1]] + parts[-1:])


def tile_path(level, number, width):
    return f"tile/{level}/{number_path(number)}" + ("" if width == 256 else f".p/{width}")


def canonical_base64(text):
    data = base64.b64decode(text, validate=True)
    assert base64.b64encode(data).decode() == text, "base64"
    return data


class VerifierKey:
    def __init__(self, text):
        self.name, key_id, key = text.split("+", 2)
        data = canonical_base64(key)
        self.type, public = data[0], data[1:]
        self.id = hashlib.sha256(self.name.encode() + b"\n" + data).digest()[:4]
        assert self.id.hex() == key_id, "key id"
        if self.type in (1, 4):
            self.public = ed25519.Ed25519PublicKey.from_public_bytes(public)
        else:
            assert self.type == 6, "type"
            self.public = mldsa.MLDSA44PublicKey.from_public_bytes(public)

    def verify(self, signature, text, head):
        if self.type == 1:
            self.public.verify(signature, text)
        elif self.type == 4:
            time = int.from_bytes(signature[:8], "big")
            self.public.verify(signature[8:], b"cosignature/v1\ntime %d\n" % time + text)
        else:
            name, origin = self.name.encode(), head.origin.encode()
            message = b"subtree/v1\n\0" + bytes([len(name)]) + name + signature[:8] + bytes([len(origin)]) + origin
            message += struct.pack(">QQ", 0, head.size) + head.root
            self.public.verify(signature[8:], message)


class Checkpoint:
    def __init__(self, note):
        text, signatures = note.rsplit(b"\n\n", 1)
        self.text = text + b"\n"
        lines = self.text.decode().split("\n")
        assert len(lines) == 4 and lines[3] == "", "lines of the checkpoint"
        self.origin = lines[0]
        assert re.fullmatch("0|[1-9][0-9]*", lines[1]), "size"
        self.size = int(lines[1])
        self.root = canonical_base64(lines[2])
        assert len(self.root) == 32, "root"
        self.signatures = []
        assert signatures.endswith(b"\n")
        for line in signatures.decode()[:-1].split("\n"):
            dash, name, data = line.split(" ")
            assert dash == "\u2014", "em dash"
            data = canonical_base64(data)
            self.signatures.append((name, data[:4], data[4:]))

    def verify(self, keys):
        for key in keys:
            given = [s for name, key_id, s in self.signatures if name == key.name and key_id == key.id]
            assert len(given) == 1 or key.name != self.origin, f"signature of {key.name}"
            for signature in given:
                key.verify(signature, self.text, self)


def read(folder, path):
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


def partial(folder, prefix, number, width, unit=None):
    """A file that may be there in full in place of in part."""
    path = f"{prefix}/{number_path(number)}"
    if width < 256 and os.path.exists(os.path.join(folder, f"{path}.p/{width}")):
        return read(folder, f"{path}.p/{width}")
    return read(folder, path)


def entries_of(folder, size):
    entries = []
    for number in range(-(-size // 256)):
        width = min(256, size - 256 * number)
        bundle = partial(folder, "tile/entries", number, width)
        at, count = 0, 0
        while at < len(bundle) and count < width:
            length = int.from_bytes(bundle[at : at + 2], "big")
            entry = bundle[at + 2 : at + 2 + length]
            assert len(entry) == length, "bundle cut off"
            entries.append(entry)
            at, count = at + 2 + length, count + 1
        assert count == width, "bundle"
        assert at == len(bundle) or not os.path.exists(f"{folder}/tile/entries/{number_path(number)}.p/{width}"), "left over"
    return entries


def check_tiles(folder, hashes):
    """Every tile of every level holds what the level below makes."""
    level, below = 0, hashes
    while below:
        for number in range(-(-len(below) // 256)):
            part = below[256 * number : 256 * number + 256]
            tile = partial(folder, f"tile/{level}", number, len(part))
            assert tile[: 32 * len(part)] == b"".join(part), f"tile {level} {number}"
        below = [root(below[at : at + 256]) for at in range(0, len(below) - 255, 256)]
        level += 1


def strict(pairs):
    assert len({name for name, _ in pairs}) == len(pairs), "a field twice"
    return dict(pairs)


def verify(folder, keys):
    head = Checkpoint(read(folder, "checkpoint"))
    head.verify(keys)
    entries = entries_of(folder, head.size)
    hashes = [leaf_hash(entry) for entry in entries]
    assert root(hashes) == head.root, "root"
    check_tiles(folder, hashes)
    records = []
    for entry in entries:
        record = json.loads(entry, object_pairs_hook=strict)
        assert json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() == entry, entry
        assert record["v"] == 1
        records.append(record)
    return head, entries, hashes, records


def verify_proof(document, entry, keys):
    """A proof of one entry: which one it is, and over how many."""
    head, rest = document.split(b"\n", 1)
    assert head == b"c2sp.org/tlog-proof@v1"
    lines, note = rest.split(b"\n\n", 1)
    lines = lines.decode().split("\n")
    if lines[0].startswith("extra "):
        canonical_base64(lines.pop(0)[6:])
    index = int(lines.pop(0).removeprefix("index "))
    checkpoint = Checkpoint(note)
    checkpoint.verify(keys)
    path = [canonical_base64(line) for line in lines]
    assert root_from_proof(index, checkpoint.size, leaf_hash(entry), path) == checkpoint.root, "proof"
    return index, checkpoint.size


# Which record vouches for a document of this format, and where it has its digest.
STATEMENTS = {
    "claviger/destruction-certificate/1": ("key.erase", "certificate"),
    "claviger/version-destruction-certificate/1": ("key.eraseVersion", "certificate"),
    "claviger/compromise-report/1": ("compromise.close", "report"),
}


def verify_statement(statement, keys):
    document = json.loads(statement["document"], object_pairs_hook=strict)
    entry = statement["record"].encode()
    assert verify_proof(statement["proof"].encode(), entry, keys)[0] == statement["index"]
    record = json.loads(entry, object_pairs_hook=strict)
    event, member = STATEMENTS[document["format"]]
    digest = base64.urlsafe_b64encode(hashlib.sha256(statement["document"].encode()).digest()).rstrip(b"=").decode()
    assert (record["event"], record["outcome"], record["detail"][member]) == (event, "ok", digest), "statement"
    assert (record["key"], record["tenant"]) == (document["key"], document["tenant"]), "statement of another key"
    return document


def uses_after_revocation(records, uses):
    """The third promise, of keys: indices of uses that stand after what ended their key or version for good."""
    ended, found = set(), []
    for index, record in enumerate(records):
        if record["outcome"] != "ok" or "key" not in record:
            continue
        key, version = record["key"], record.get("version")
        if record["event"] in uses and ({(key, None), (key, version)} & ended):
            found.append(index)
        if record["event"] in ("key.revoke", "compromise.revoke", "key.destroyVersion", "key.erase"):
            ended.add((key, version))
        if record["event"] == "key.restoreVersion":
            ended.discard((key, version))
    return found
