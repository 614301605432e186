"""
The calls of HashiCorp's AWS provider for its kms resources, in the provider's order (internal/service/kms of
terraform-provider-aws), with what it looks at in the answers: a resource is made, read until it is as asked, changed, and destroyed.
"""

import json
import os
import secrets
import tempfile
import subprocess

from harness import kms, raises

client = kms()
errors = client.exceptions
account = client.create_key()["KeyMetadata"]["AWSAccountId"]


def until_stable(read, wanted):
    """The provider polls until it reads five times in a row what it wrote; here the first five must all do."""
    for _ in range(5):
        assert read() == wanted, read()


# aws_kms_key: create.
policy = json.dumps(
    {
        "Version": "2012-10-17",
        "Id": "shop",
        "Statement": [
            {
                "Sid": "Root",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)
with raises(errors.MalformedPolicyDocumentException):
    client.create_key(Policy="{}", BypassPolicyLockoutSafetyCheck=False)
made = client.create_key(
    BypassPolicyLockoutSafetyCheck=False,
    CustomerMasterKeySpec="SYMMETRIC_DEFAULT",
    KeyUsage="ENCRYPT_DECRYPT",
    Description="made by Terraform",
    MultiRegion=False,
    Policy=policy,
    Tags=[{"TagKey": "env", "TagValue": "prod"}],
)["KeyMetadata"]
key = made["KeyId"]
client.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
until_stable(lambda: client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], True)
assert client.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 180

# read
described = client.describe_key(KeyId=key)["KeyMetadata"]
assert described["Origin"] == "AWS_KMS" and described["KeyManager"] == "CUSTOMER"
assert described["CustomerMasterKeySpec"] == "SYMMETRIC_DEFAULT" and described["MultiRegion"] is False
until_stable(lambda: json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"]), json.loads(policy))
assert client.list_resource_tags(KeyId=key)["Tags"] == [{"TagKey": "env", "TagValue": "prod"}]

# update
client.disable_key_rotation(KeyId=key)
until_stable(lambda: client.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"], False)
client.disable_key(KeyId=key)
until_stable(lambda: client.describe_key(KeyId=key)["KeyMetadata"]["Enabled"], False)
client.enable_key(KeyId=key)
until_stable(lambda: client.describe_key(KeyId=key)["KeyMetadata"]["Enabled"], True)
client.update_key_description(KeyId=key, Description="changed")
until_stable(lambda: client.describe_key(KeyId=key)["KeyMetadata"]["Description"], "changed")
changed = policy.replace('"shop"', '"shop2"')
client.put_key_policy(KeyId=key, PolicyName="default", Policy=changed, BypassPolicyLockoutSafetyCheck=False)
until_stable(lambda: json.loads(client.get_key_policy(KeyId=key, PolicyName="default")["Policy"])["Id"], "shop2")
client.untag_resource(KeyId=key, TagKeys=["env"])
client.tag_resource(KeyId=key, Tags=[{"TagKey": "stage", "TagValue": "test"}])
until_stable(lambda: client.list_resource_tags(KeyId=key)["Tags"], [{"TagKey": "stage", "TagValue": "test"}])

# aws_kms_alias: the provider finds it again by going through the whole list.
client.create_alias(AliasName="alias/terraform", TargetKeyId=key)


def alias(name):
    pages = client.get_paginator("list_aliases").paginate()
    return next((item for page in pages for item in page["Aliases"] if item["AliasName"] == name), None)


assert alias("alias/terraform")["TargetKeyId"] == key
assert alias("alias/terraform")["AliasArn"] == f"arn:aws:kms:{client.meta.region_name}:{account}:alias/terraform"
second = client.create_key()["KeyMetadata"]["KeyId"]
client.update_alias(AliasName="alias/terraform", TargetKeyId=second)
assert alias("alias/terraform")["TargetKeyId"] == second
client.delete_alias(AliasName="alias/terraform")
assert alias("alias/terraform") is None

# aws_kms_grant: found again among the first hundred.
grantee = f"arn:aws:iam::{account}:user/owner"
grant = client.create_grant(
    KeyId=key,
    Name="backup",
    GranteePrincipal=grantee,
    Operations=["Encrypt", "Decrypt"],
    # It writes both, whichever of them was asked for.
    Constraints={"EncryptionContextEquals": {}, "EncryptionContextSubset": {"job": "backup"}},
)
(found,) = client.list_grants(KeyId=key, Limit=100)["Grants"]
assert found["GrantId"] == grant["GrantId"] and found["GranteePrincipal"] == grantee
assert sorted(found["Operations"]) == ["Decrypt", "Encrypt"] and found["Name"] == "backup"
assert found["Constraints"] == {"EncryptionContextSubset": {"job": "backup"}}
client.revoke_grant(KeyId=key, GrantId=grant["GrantId"])
assert client.list_grants(KeyId=key, Limit=100)["Grants"] == []

# aws_kms_external_key: RSAES_OAEP_SHA_256, as the provider wraps it.
external = client.create_key(Origin="EXTERNAL", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
assert client.describe_key(KeyId=external)["KeyMetadata"]["KeyState"] == "PendingImport"
parameters = client.get_parameters_for_import(
    KeyId=external, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
)
with tempfile.TemporaryDirectory() as folder:
    public = os.path.join(folder, "public")
    with open(public, "wb") as file:
        file.write(parameters["PublicKey"])
    padding = [value for option in ("rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha256") for value in ("-pkeyopt", option)]
    wrapped = subprocess.run(
        ["openssl", "pkeyutl", "-encrypt", "-pubin", "-keyform", "DER", "-inkey", public, *padding],
        input=secrets.token_bytes(32),
        capture_output=True,
        check=True,
    ).stdout
client.import_key_material(
    KeyId=external,
    ImportToken=parameters["ImportToken"],
    EncryptedKeyMaterial=wrapped,
    ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
)
read = client.describe_key(KeyId=external)["KeyMetadata"]
assert read["KeyState"] == "Enabled" and read["ExpirationModel"] == "KEY_MATERIAL_DOES_NOT_EXPIRE"

# aws_kms_replica_key, made by the provider in its own region from the primary's.
primary = client.create_key(MultiRegion=True)["KeyMetadata"]
client.replicate_key(KeyId=primary["KeyId"], ReplicaRegion="eu-west-1", Description="replica", Tags=[{"TagKey": "a", "TagValue": "b"}])
far = kms("eu-west-1")
replica = far.describe_key(KeyId=primary["KeyId"])["KeyMetadata"]
assert replica["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
assert replica["MultiRegionConfiguration"]["PrimaryKey"]["Arn"] == primary["Arn"]
assert far.list_resource_tags(KeyId=primary["KeyId"])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]

# aws_kms_ciphertext, and the data sources aws_kms_secrets, aws_kms_public_key, aws_kms_key, aws_kms_custom_key_store.
sealed = client.encrypt(KeyId=key, Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
assert client.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})["Plaintext"] == b"secret"
signer = client.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
public = client.get_public_key(KeyId=signer)
assert public["KeySpec"] == "RSA_2048" and public["SigningAlgorithms"]
assert client.describe_custom_key_stores()["CustomKeyStores"] == []

# destroy: a second time the provider takes these words for done.
for gone in (key, external):
    client.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    assert client.describe_key(KeyId=gone)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    with raises(errors.KMSInvalidStateException, "is pending deletion"):
        client.schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
with raises(errors.KMSInvalidStateException):
    client.schedule_key_deletion(KeyId=primary["KeyId"], PendingWindowInDays=7) and client.encrypt(
        KeyId=primary["KeyId"], Plaintext=b"x"
    )
