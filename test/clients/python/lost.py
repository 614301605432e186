"""Answers are lost on the way here: what boto3 tries again within the second is done, as with AWS, and not taken for a copy."""

from harness import kms

client = kms()
for _ in range(4):
    answer = client.create_key(Description="the same to the byte")
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert answer["KeyMetadata"]["KeyState"] == "Enabled"
