"""What the scripts of this folder share."""

import contextlib

import boto3


def kms(region=None, **given):
    return boto3.client("kms", region_name=region, **given)


@contextlib.contextmanager
def raises(error, saying=""):
    """The block must end in this exception of botocore's, by its class, and with these words."""
    try:
        yield
    except error as caught:
        message = caught.response["Error"]["Message"]
        assert saying in message, message
    else:
        raise AssertionError(f"{error.__name__} was not raised")
