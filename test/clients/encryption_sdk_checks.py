"""What a program does with the AWS Encryption SDK for Python: the check that the argument names."""

import os
import sys
import unittest

import aws_encryption_sdk
import boto3
from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError, DecryptKeyError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

case = unittest.TestCase()
equal, raises = case.assertEqual, case.assertRaises

CONTEXT = {"tenant": "blue", "purpose": "test"}
PLAINTEXT = os.urandom(100_000)


def external_key(kms, material):
    """A key that holds the material, which is needed again to put it back."""
    arn = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]
    import_material(kms, arn, material)
    return arn


def import_material(kms, arn, material):
    parameters = kms.get_parameters_for_import(
        KeyId=arn, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048"
    )
    wrapping_key = serialization.load_der_public_key(parameters["PublicKey"])
    oaep = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
    kms.import_key_material(
        KeyId=arn,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrapping_key.encrypt(material, oaep),
        ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE",
    )


def check_provider():
    """a master key provider encrypts under imported keys of two Regions, and either decrypts"""
    kms = {region: boto3.client("kms", region_name=region) for region in ("us-east-1", "eu-west-1")}
    materials = {region: os.urandom(32) for region in kms}
    arns = {region: external_key(kms[region], materials[region]) for region in kms}
    sdk = aws_encryption_sdk.EncryptionSDKClient()
    strict = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider
    message, _ = sdk.encrypt(
        source=PLAINTEXT, key_provider=strict(key_ids=list(arns.values())), encryption_context=CONTEXT
    )
    discovering = aws_encryption_sdk.DiscoveryAwsKmsMasterKeyProvider
    for provider in (strict(key_ids=[arns["us-east-1"]]), strict(key_ids=[arns["eu-west-1"]]), discovering()):
        plaintext, header = sdk.decrypt(source=message, key_provider=provider)
        equal(plaintext, PLAINTEXT)
        equal(header.encryption_context | CONTEXT, header.encryption_context)

    kms["us-east-1"].delete_imported_key_material(KeyId=arns["us-east-1"])
    first = strict(key_ids=[arns["us-east-1"]])
    with raises(DecryptKeyError):
        sdk.decrypt(source=message, key_provider=first)
    import_material(kms["us-east-1"], arns["us-east-1"], materials["us-east-1"])
    equal(sdk.decrypt(source=message, key_provider=first)[0], PLAINTEXT)


def check_keyring():
    """a KMS keyring encrypts under one key, and a keyring of another key does not decrypt"""
    try:
        from aws_cryptographic_material_providers.mpl import (
            AwsCryptographicMaterialProviders,
        )
        from aws_cryptographic_material_providers.mpl.config import (
            MaterialProvidersConfig,
        )
        from aws_cryptographic_material_providers.mpl.models import (
            CreateAwsKmsKeyringInput,
        )
    except ImportError:
        print("wants keyrings: pip install 'aws-encryption-sdk[MPL]'", file=sys.stderr)
        sys.exit(77)
    kms = boto3.client("kms")
    providers = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    ours, other = (
        providers.create_aws_kms_keyring(
            input=CreateAwsKmsKeyringInput(kms_key_id=external_key(kms, os.urandom(32)), kms_client=kms)
        )
        for _ in range(2)
    )
    sdk = aws_encryption_sdk.EncryptionSDKClient()
    message, _ = sdk.encrypt(source=PLAINTEXT, keyring=ours, encryption_context=CONTEXT)
    equal(sdk.decrypt(source=message, keyring=ours, encryption_context=CONTEXT)[0], PLAINTEXT)
    with raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=message, keyring=other)
    with raises(AWSEncryptionSDKClientError):
        sdk.decrypt(source=message, keyring=ours, encryption_context=CONTEXT | {"tenant": "red"})


if __name__ == "__main__":
    globals()[sys.argv[1]]()
