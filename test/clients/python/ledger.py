"""The ledger from outside: tree, tiles, signatures, proofs, statements, and that nothing is used after its revocation."""

import json
import re
import sys

from cryptography.exceptions import InvalidSignature
from second import ledger
from second.house import command, create, post, text

root = sys.argv[1]
with open(f"{root}/docs/ledger.md") as page:
    listed = re.search(r"^A use is one of these events: ([^;]*);", page.read(), re.MULTILINE)[1]
uses = set(re.findall(r"`([^`]+)`", listed))


def copied():
    # The checkpoint follows the entries.
    while (now := json.loads(command("ledger", "head", "-o", "json")))["size"] < now["entries"]:
        pass
    command("ledger", "export", "copy")
    with open("copy/vkeys") as lines:
        keys = [ledger.VerifierKey(line) for line in lines.read().splitlines()]
    return keys, *ledger.verify("copy", keys)


key = create("AES-256-GCM", alias="spent")
for number in range(270):
    post(f"/v1/keys/{key}/encrypt", plaintext=text(b"%d" % number))
post(f"/v1/keys/{key}/suspend", reason='"é" \\ \u2028 \U0001f600')
post(f"/v1/keys/{key}/resume")
keys, then, *_ = copied()

# A compromise to its end: the key is revoked, and the report is vouched for.
command("key", "compromise", "spent", "--since=-1h", "--reason", "a drill", "--hours", "0", "--anyway", "no stores", "-y")
case = json.loads(command("compromise", "list", "-o", "json"))["items"][0]["id"]
report = json.loads(command("compromise", "report", case, "-o", "json"))
keys, head, entries, hashes, records = copied()
command("ledger", "verify", "--dir", "copy")
assert ledger.verify_statement(report, keys)["key"] == key
assert head.size > then.size > 256 and ledger.root(hashes[: then.size]) == then.root
for index in (0, 255, 256, head.size - 1):
    proof = command("-q", "ledger", "prove", str(index), "--field", "proof")
    assert ledger.verify_proof(proof, entries[index], keys)[0] == index
assert ledger.uses_after_revocation(records, uses) == []
used = next(record for record in records if record["event"] == "encrypt" and record["key"] == key)
assert ledger.uses_after_revocation([*records, used], uses) == [head.size]

# Both of us see a changed entry.
with open("copy/tile/entries/000", "r+b") as bundle:
    place = bundle.read().index(b'"bytes":')
    bundle.seek(place + len(b'"bytes":'))
    bundle.write(b"9")
command("ledger", "verify", "--dir", "copy", code=8)
try:
    ledger.verify("copy", keys)
except (AssertionError, InvalidSignature):
    pass
else:
    raise AssertionError("a changed entry was not seen")
