"""What programs do with boto3: keys, names, contexts, data keys, signatures, codes, grants, paginators and errors by their classes."""

import hashlib
import os

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import kms, raises

client = kms()
errors = client.exceptions

# Symmetric keys and contexts.
made = client.create_key(Description="shop", Tags=[{"TagKey": "app", "TagValue": "shop"}])["KeyMetadata"]
key, arn = made["KeyId"], made["Arn"]
assert made["KeyState"] == "Enabled" and made["Enabled"] is True
client.create_alias(AliasName="alias/shop", TargetKeyId=key)
context = {"tenant": "7", "table": "users"}
sealed = client.encrypt(KeyId="alias/shop", Plaintext=b"hello", EncryptionContext=context)
assert sealed["KeyId"] == arn and sealed["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
blob = sealed["CiphertextBlob"]
opened = client.decrypt(CiphertextBlob=blob, EncryptionContext=context)
assert opened["Plaintext"] == b"hello" and opened["KeyId"] == arn
with raises(errors.InvalidCiphertextException):
    client.decrypt(CiphertextBlob=blob, EncryptionContext={"tenant": "8", "table": "users"})
with raises(errors.InvalidCiphertextException):
    client.decrypt(CiphertextBlob=blob)
with raises(errors.DryRunOperationException):
    client.decrypt(CiphertextBlob=blob, EncryptionContext=context, DryRun=True)
again = client.re_encrypt(
    CiphertextBlob=blob,
    SourceEncryptionContext=context,
    DestinationKeyId=key,
    DestinationEncryptionContext={"tenant": "9"},
)["CiphertextBlob"]
assert client.decrypt(CiphertextBlob=again, EncryptionContext={"tenant": "9"})["Plaintext"] == b"hello"

# Envelope encryption.
data = client.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)
assert len(data["Plaintext"]) == 32
assert client.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == data["Plaintext"]
assert "Plaintext" not in client.generate_data_key_without_plaintext(KeyId=arn, NumberOfBytes=16)
assert len(client.generate_random(NumberOfBytes=33)["Plaintext"]) == 33

# Signatures and codes.
signer = client.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
digest = hashlib.sha256(b"a contract").digest()
signature = client.sign(KeyId=signer, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
assert client.verify(KeyId=signer, Message=b"a contract", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")["SignatureValid"]
with raises(errors.KMSInvalidSignatureException):
    client.verify(KeyId=signer, Message=b"another", Signature=signature, SigningAlgorithm="ECDSA_SHA_256")
with raises(errors.InvalidKeyUsageException, "key usage is SIGN_VERIFY which is not valid for Encrypt"):
    client.encrypt(KeyId=signer, Plaintext=b"x")
coder = client.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
code = client.generate_mac(KeyId=coder, Message=b"m", MacAlgorithm="HMAC_SHA_256")["Mac"]
assert client.verify_mac(KeyId=coder, Message=b"m", MacAlgorithm="HMAC_SHA_256", Mac=code)["MacValid"]
with raises(errors.KMSInvalidMacException):
    client.verify_mac(KeyId=coder, Message=b"n", MacAlgorithm="HMAC_SHA_256", Mac=code)

# States.
client.disable_key(KeyId=key)
with raises(errors.DisabledException, f"{arn} is disabled."):
    client.decrypt(CiphertextBlob=blob, EncryptionContext=context)
client.enable_key(KeyId=key)
client.schedule_key_deletion(KeyId=coder, PendingWindowInDays=7)
with raises(errors.KMSInvalidStateException, "is pending deletion"):
    client.generate_mac(KeyId=coder, Message=b"m", MacAlgorithm="HMAC_SHA_256")
client.cancel_key_deletion(KeyId=coder)
assert client.describe_key(KeyId=coder)["KeyMetadata"]["KeyState"] == "Disabled"

# What is not there, and what is no request.
with raises(errors.NotFoundException, "does not exist"):
    client.describe_key(KeyId="00000000-0000-0000-0000-000000000000")
with raises(errors.NotFoundException, "is not found"):
    client.describe_key(KeyId="alias/none")
with raises(errors.AlreadyExistsException):
    client.create_alias(AliasName="alias/shop", TargetKeyId=signer)
with raises(ClientError):
    client.generate_random(NumberOfBytes=4096)
wrong = boto3.client("kms", aws_secret_access_key="no", aws_access_key_id=os.environ["AWS_ACCESS_KEY_ID"])
try:
    wrong.list_keys()
except ClientError as caught:
    assert caught.response["Error"]["Code"] == "InvalidSignatureException"
else:
    raise AssertionError("a wrong secret was accepted")

# Paginators, and a waiterless world: what is changed is seen at once.
keys = {item["KeyId"] for page in client.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1}) for item in page["Keys"]}
assert {key, signer, coder} <= keys
names = [item["AliasName"] for page in client.get_paginator("list_aliases").paginate(KeyId=key) for item in page["Aliases"]]
assert names == ["alias/shop"]

# Regions: a key is seen from its own, and one that is replicated from both.
elsewhere = kms("eu-central-1")
with raises(errors.NotFoundException):
    elsewhere.describe_key(KeyId=key)
many = client.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
assert many.startswith("mrk-")
elsewhere.describe_key(KeyId=client.replicate_key(KeyId=many, ReplicaRegion="eu-central-1")["ReplicaKeyMetadata"]["KeyId"])
travelled = client.encrypt(KeyId=many, Plaintext=b"far")["CiphertextBlob"]
assert elsewhere.decrypt(CiphertextBlob=travelled)["Plaintext"] == b"far"

# The same under a path, beside other things on one host.
beside = kms(endpoint_url=os.environ["AWS_ENDPOINT_URL_KMS"] + "/aws", config=Config(retries={"max_attempts": 1}))
assert beside.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == arn

# Temporary credentials are as good as the principal's own.
identity = boto3.client("sts").get_caller_identity()
assert identity["Account"] == made["AWSAccountId"] and identity["Arn"].endswith(":user/owner")
