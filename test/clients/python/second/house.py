"""What a program needs of a server beside the formats: calls over REST, the command, and keys wrapped as docs/key-material.md says."""

import base64
import json
import os
import subprocess
import urllib.request

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap_with_padding, aes_key_wrap_with_padding

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
MINE = rsa.generate_private_key(65537, 3072)


def text(data):
    return base64.b64encode(data).decode()


def data(text):
    return base64.b64decode(text, validate=True)


def post(path, **body):
    headers = {"Authorization": f"Bearer {os.environ['CLAVIGER_TOKEN']}", "Content-Type": "application/json"}
    request = urllib.request.Request(os.environ["CLAVIGER_ADDR"] + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def command(*given, stdin=b"", code=0):
    ran = subprocess.run(["claviger", *given], input=stdin, capture_output=True)
    assert ran.returncode == code, (given, ran.returncode, ran.stderr.decode())
    return ran.stdout


def spki(public):
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def create(algorithm, **given):
    return post("/v1/keys", algorithm=algorithm, exportable=True, **given)["id"]


def export(key):
    wrapped = data(post(f"/v1/keys/{key}/export", publicKey=text(spki(MINE.public_key())))["wrapped"])
    block = MINE.key_size // 8
    return aes_key_unwrap_with_padding(MINE.decrypt(wrapped[:block], OAEP), wrapped[block:])


def bring(algorithm, material, **given):
    parameters = post("/v1/import-parameters")
    theirs = serialization.load_der_public_key(data(parameters["publicKey"]))
    wrapping = os.urandom(32)
    wrapped = theirs.encrypt(wrapping, OAEP) + aes_key_wrap_with_padding(wrapping, material)
    return post("/v1/keys/import", algorithm=algorithm, parameters=parameters["id"], wrapped=text(wrapped), **given)["id"]
