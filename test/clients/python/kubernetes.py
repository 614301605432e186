"""
The calls of the Kubernetes aws-encryption-provider (its pkg/kmsplugin): Encrypt and Decrypt with a key, and how it takes errors. What it
takes for the user's fault it does not call an outage of the KMS, so codes and words matter.
"""

from botocore.exceptions import ClientError
from harness import kms

client = kms()
THROTTLED, CORRUPTION, USER_INDUCED, OTHER = "throttled", "corruption", "user-induced", "other"


def classified(error):
    """As the provider's ParseError does, by code and by text."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in ("RequestLimitExceeded", "Throttling", "ThrottlingException", "LimitExceededException"):
        return THROTTLED
    if code in (
        "DisabledException",
        "KMSInvalidStateException",
        "InvalidGrantTokenException",
        "KeyUnavailableException",
        "InvalidArnException",
        "NotFoundException",
        "InvalidKeyUsageException",
    ):
        return USER_INDUCED
    if code == "AccessDeniedException" and "does not exist" in message:
        return USER_INDUCED
    if code in ("InvalidCiphertextException", "IncorrectKeyException"):
        return CORRUPTION
    return OTHER


def kind(call, **given):
    try:
        call(**given)
    except ClientError as error:
        return classified(error)
    raise AssertionError("it was not refused")


key = client.create_key()["KeyMetadata"]["Arn"]
context = {"cluster": "prod"}

# The seed that a KMS v2 plugin keeps, and the data keys of a v1 plugin: 32 bytes, each Secret in a ciphertext of its own.
sealed = [client.encrypt(KeyId=key, Plaintext=bytes([n]) * 32, EncryptionContext=context)["CiphertextBlob"] for n in range(20)]
for n, blob in enumerate(sealed):
    # etcd keeps it behind the plugin's own first byte; KMS v2 allows an encrypted data key of 1 KiB.
    assert len(blob) + 1 <= 1024
    assert client.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == bytes([n]) * 32

# Its check of health: encrypt and decrypt a few bytes.
assert client.decrypt(CiphertextBlob=client.encrypt(KeyId=key, Plaintext=b"foo")["CiphertextBlob"])["Plaintext"] == b"foo"

assert kind(client.decrypt, CiphertextBlob=sealed[0], EncryptionContext={"cluster": "test"}) == CORRUPTION
assert kind(client.decrypt, CiphertextBlob=b"not a ciphertext") == CORRUPTION
assert kind(client.encrypt, KeyId=key[:-12] + "000000000000", Plaintext=b"x") == USER_INDUCED
client.disable_key(KeyId=key)
assert kind(client.encrypt, KeyId=key, Plaintext=b"x") == USER_INDUCED
assert kind(client.decrypt, CiphertextBlob=sealed[0], EncryptionContext=context) == USER_INDUCED
client.enable_key(KeyId=key)
client.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
assert kind(client.decrypt, CiphertextBlob=sealed[0], EncryptionContext=context) == USER_INDUCED

# A ciphertext of a key that is unknown here, such as one of another region: AccessDenied, with the words the provider looks for.
assert kind(kms("eu-west-3").decrypt, CiphertextBlob=sealed[0], EncryptionContext=context) == USER_INDUCED
