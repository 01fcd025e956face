"""What a program in Python does with boto3: the check that the argument names."""

import http.client
import os
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

case = unittest.TestCase()
case.maxDiff = None
equal, raises = case.assertEqual, case.assertRaises

DOES_NOT_EXPIRE = "KEY_MATERIAL_DOES_NOT_EXPIRE"


def client(**options):
    return boto3.client("kms", config=Config(retries={"mode": "standard", "total_max_attempts": 1}, **options))


def wrap(algorithm, public_key, material):
    """Wraps with the package cryptography, which shares no code with the server."""
    try:
        from cryptography.hazmat.primitives import hashes, keywrap, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
    except ImportError:
        print("wants the package cryptography: pip install cryptography", file=sys.stderr)
        sys.exit(77)
    key = serialization.load_der_public_key(public_key)
    if algorithm == "RSAES_PKCS1_V1_5":
        return key.encrypt(material, padding.PKCS1v15())
    digest = hashes.SHA1() if algorithm.endswith("SHA_1") else hashes.SHA256()
    oaep = padding.OAEP(padding.MGF1(digest), digest, None)
    if algorithm.startswith("RSAES"):
        return key.encrypt(material, oaep)
    aes_key = os.urandom(32)
    return key.encrypt(aes_key, oaep) + keywrap.aes_key_wrap_with_padding(aes_key, material)


def import_material(kms, key_id, material, algorithm="RSAES_OAEP_SHA_256", spec="RSA_2048", **options):
    parameters = kms.get_parameters_for_import(KeyId=key_id, WrappingAlgorithm=algorithm, WrappingKeySpec=spec)
    return kms.import_key_material(
        KeyId=key_id,
        ImportToken=parameters["ImportToken"],
        EncryptedKeyMaterial=wrap(algorithm, parameters["PublicKey"], material),
        **({"ExpirationModel": DOES_NOT_EXPIRE} | options),
    )


def external_key(kms):
    return kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["Arn"]


def check_journey():
    """imports, encrypts, deletes, and imports again"""
    kms = client()
    created = kms.create_key(Origin="EXTERNAL", Description="from Python")
    metadata = created["KeyMetadata"]
    key_id = metadata["KeyId"]
    equal(metadata["KeyState"], "PendingImport")
    case.assertLess(abs(datetime.now(timezone.utc) - metadata["CreationDate"]), timedelta(minutes=1))
    equal(created["ResponseMetadata"]["HTTPStatusCode"], 200)
    equal(created["ResponseMetadata"]["RetryAttempts"], 0)
    case.assertRegex(created["ResponseMetadata"]["RequestId"], r"^[0-9a-f-]{36}$")
    kms.create_alias(AliasName="alias/python", TargetKeyId=key_id)
    equal(boto3.client("sts").get_caller_identity()["Account"], metadata["AWSAccountId"])

    material = os.urandom(32)
    valid_to = datetime.now(timezone(timedelta(hours=-5))).replace(microsecond=0) + timedelta(days=100)
    imported = import_material(kms, key_id, material, ExpirationModel="KEY_MATERIAL_EXPIRES", ValidTo=valid_to)
    equal(imported["KeyId"], metadata["Arn"])
    described = kms.describe_key(KeyId="alias/python")["KeyMetadata"]
    equal(described["KeyState"], "Enabled")
    equal(described["ValidTo"], valid_to)
    equal(described["CurrentKeyMaterialId"], imported["KeyMaterialId"])

    plaintext = bytes(range(256)) * 16
    context = {"café": "über", "": "", "emoji": "🔑"}
    blob = kms.encrypt(KeyId="alias/python", Plaintext=plaintext, EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=dict(reversed(context.items())))
    equal(opened["Plaintext"], plaintext)
    equal(opened["KeyId"], metadata["Arn"])
    equal(opened["KeyMaterialId"], imported["KeyMaterialId"])
    for other in ({}, context | {"": "x"}, {"café": "über"}):
        with raises(kms.exceptions.InvalidCiphertextException):
            kms.decrypt(CiphertextBlob=blob, EncryptionContext=other)

    kms.delete_imported_key_material(KeyId=key_id)
    with raises(kms.exceptions.KMSInvalidStateException):
        kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    with raises(kms.exceptions.IncorrectKeyMaterialException):
        import_material(kms, key_id, os.urandom(32))
    equal(import_material(kms, key_id, material)["KeyMaterialId"], imported["KeyMaterialId"])
    case.assertNotIn("ValidTo", kms.describe_key(KeyId=key_id)["KeyMetadata"])
    equal(kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"], plaintext)


def check_wrapping():
    """imports the same material by every algorithm and wrapping key"""
    kms = client()
    key_id, material = external_key(kms), os.urandom(32)
    first = import_material(kms, key_id, material)["KeyMaterialId"]
    for spec in ("RSA_2048", "RSA_3072", "RSA_4096"):
        for algorithm in (
            "RSAES_OAEP_SHA_256",
            "RSAES_OAEP_SHA_1",
            "RSAES_PKCS1_V1_5",
            "RSA_AES_KEY_WRAP_SHA_256",
            "RSA_AES_KEY_WRAP_SHA_1",
        ):
            equal(import_material(kms, key_id, material, algorithm, spec)["KeyMaterialId"], first, (algorithm, spec))


def check_rotation():
    """rotates through imported materials, and lists them page by page"""
    kms = client()
    arn = external_key(kms)
    ids, blobs = [import_material(kms, arn, os.urandom(32))["KeyMaterialId"]], []
    for number in range(4):
        blobs.append(kms.encrypt(KeyId=arn, Plaintext=bytes([number]))["CiphertextBlob"])
        new = {"ImportType": "NEW_KEY_MATERIAL", "KeyMaterialDescription": f"number {number}"}
        ids.append(import_material(kms, arn, os.urandom(32), **new)["KeyMaterialId"])
        with raises(kms.exceptions.KMSInvalidStateException):
            import_material(kms, arn, os.urandom(32), **new)
        equal(kms.rotate_key_on_demand(KeyId=arn)["KeyId"], arn)
    for number, blob in enumerate(blobs):
        opened = kms.decrypt(CiphertextBlob=blob)
        equal((opened["Plaintext"], opened["KeyMaterialId"]), (bytes([number]), ids[number]))

    rotations = kms.get_paginator("list_key_rotations")
    every = rotations.paginate(
        KeyId=arn, IncludeKeyMaterial="ALL_KEY_MATERIAL", PaginationConfig={"PageSize": 2}
    ).build_full_result()["Rotations"]
    equal([entry["KeyMaterialId"] for entry in every], ids)
    equal([entry["KeyMaterialState"] for entry in every], ["NON_CURRENT"] * 4 + ["CURRENT"])
    finished = list(rotations.paginate(KeyId=arn, PaginationConfig={"PageSize": 3}))
    equal([len(page["Rotations"]) for page in finished], [3, 1])
    case.assertIsInstance(finished[0]["Rotations"][0]["RotationDate"], datetime)


def check_paginators():
    """walks every list with its paginator, and goes on where it stopped"""
    kms = boto3.client("kms", region_name="eu-west-3")
    ids = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(7)]
    for number, key_id in enumerate(ids):
        kms.create_alias(AliasName=f"alias/listed/{number}", TargetKeyId=key_id)
    tags = [{"TagKey": f"key {number}", "TagValue": f"value {number}"} for number in range(50)]
    kms.tag_resource(KeyId=ids[0], Tags=tags)

    def pages(operation, size, **arguments):
        return list(kms.get_paginator(operation).paginate(**arguments, PaginationConfig={"PageSize": size}))

    def joined(operation, size, member, **arguments):
        return [item for page in pages(operation, size, **arguments) for item in page[member]]

    for size in (1, 3, 7, 1000):
        found = pages("list_keys", size)
        equal(sorted(key["KeyId"] for page in found for key in page["Keys"]), sorted(ids))
        equal([page["Truncated"] for page in found], [True] * (len(found) - 1) + [False])
    aliases = joined("list_aliases", 2, "Aliases")
    equal([alias["AliasName"] for alias in aliases], [f"alias/listed/{number}" for number in range(7)])
    case.assertIsInstance(aliases[0]["CreationDate"], datetime)
    listed = joined("list_resource_tags", 20, "Tags", KeyId=ids[0])
    equal(sorted(listed, key=str), sorted(tags, key=str))
    equal(joined("list_key_policies", 1, "PolicyNames", KeyId=ids[0]), ["default"])

    paginator = kms.get_paginator("list_keys")
    start = paginator.paginate(PaginationConfig={"MaxItems": 4, "PageSize": 3}).build_full_result()
    rest = paginator.paginate(PaginationConfig={"StartingToken": start["NextToken"]}).build_full_result()
    equal(sorted(key["KeyId"] for key in start["Keys"] + rest["Keys"]), sorted(ids))

    marker = kms.list_keys(Limit=3)["NextMarker"]
    with raises(kms.exceptions.InvalidMarkerException):
        kms.list_aliases(Marker=marker)


def check_errors():
    """raises the exception that a program catches, for every refusal"""
    kms = client()
    errors = kms.exceptions
    symmetric = kms.create_key()["KeyMetadata"]["Arn"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    disabled = kms.create_key()["KeyMetadata"]["Arn"]
    kms.disable_key(KeyId=disabled)
    pending = external_key(kms)
    deleted = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=deleted, PendingWindowInDays=7)
    kms.create_alias(AliasName="alias/taken", TargetKeyId=symmetric)
    blob = kms.encrypt(KeyId=symmetric, Plaintext=b"x")["CiphertextBlob"]
    parameters = {"WrappingAlgorithm": "RSAES_OAEP_SHA_256", "WrappingKeySpec": "RSA_2048"}
    good = kms.get_parameters_for_import(KeyId=pending, **parameters)

    def upload(token=good["ImportToken"], block=bytes(256), **expiry):
        return kms.import_key_material(KeyId=pending, ImportToken=token, EncryptedKeyMaterial=block, **expiry)

    for_ever = {"ExpirationModel": DOES_NOT_EXPIRE}
    stranger = boto3.client("kms", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x")
    foreign_algorithm = {"EncryptionAlgorithm": "RSAES_OAEP_SHA_256"}

    for expected, call in (
        (errors.NotFoundException, lambda: kms.describe_key(KeyId="alias/nowhere")),
        (errors.NotFoundException, lambda: kms.describe_key(KeyId="1234abcd-12ab-34cd-56ef-1234567890ab")),
        (errors.InvalidArnException, lambda: kms.get_parameters_for_import(KeyId="alias/taken", **parameters)),
        (errors.InvalidArnException, lambda: kms.describe_key(KeyId="arn:aws:kms:us-east-1:1:key/x")),
        (errors.AlreadyExistsException, lambda: kms.create_alias(AliasName="alias/taken", TargetKeyId=other)),
        (errors.DisabledException, lambda: kms.encrypt(KeyId=disabled, Plaintext=b"x")),
        (errors.KMSInvalidStateException, lambda: kms.encrypt(KeyId=pending, Plaintext=b"x")),
        (errors.KMSInvalidStateException, lambda: kms.enable_key(KeyId=deleted)),
        (errors.InvalidKeyUsageException, lambda: kms.encrypt(KeyId=symmetric, Plaintext=b"x", **foreign_algorithm)),
        (errors.InvalidCiphertextException, lambda: kms.decrypt(CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]))),
        (errors.InvalidCiphertextException, lambda: kms.decrypt(CiphertextBlob=b"nothing of ours")),
        (errors.IncorrectKeyException, lambda: kms.decrypt(CiphertextBlob=blob, KeyId=other)),
        (errors.UnsupportedOperationException, lambda: kms.get_parameters_for_import(KeyId=symmetric, **parameters)),
        (errors.UnsupportedOperationException, lambda: kms.delete_imported_key_material(KeyId=symmetric)),
        (errors.InvalidImportTokenException, lambda: upload(b"x" * 100, **for_ever)),
        (errors.InvalidCiphertextException, lambda: upload(**for_ever)),
        (errors.InvalidMarkerException, lambda: kms.list_keys(Marker="nonsense")),
        (errors.TagException, lambda: kms.tag_resource(KeyId=symmetric, Tags=[{"TagKey": "aws:x", "TagValue": ""}])),
        (errors.MalformedPolicyDocumentException, lambda: kms.put_key_policy(KeyId=symmetric, Policy="{}")),
        (errors.DryRunOperationException, lambda: kms.encrypt(KeyId=symmetric, Plaintext=b"x", DryRun=True)),
    ):
        with raises(expected) as caught:
            call()
        equal(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400)

    # Codes that the model of the service has no exception for.
    for code, call in (
        ("ValidationException", upload),
        ("ValidationException", lambda: upload(block=bytes(255), **for_ever)),
        ("ValidationException", lambda: kms.encrypt(KeyId=symmetric, Plaintext=bytes(4097))),
        ("ValidationException", lambda: kms.create_key(KeySpec="DES")),
        ("UnrecognizedClientException", stranger.list_keys),
        ("InvalidSignatureException", lambda: boto3.client("kms", region_name="nowhere-east-1").list_keys()),
    ):
        with raises(ClientError) as caught:
            call()
        equal(caught.exception.response["Error"]["Code"], code)
    case.assertNotEqual(caught.exception.response["Error"]["Message"], "")


def check_data_keys():
    """makes data keys that only their key opens, and moves them to another"""
    kms = client()
    old, new = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    for arguments, size in (
        ({"KeySpec": "AES_128"}, 16),
        ({"KeySpec": "AES_256"}, 32),
        ({"NumberOfBytes": 1024}, 1024),
    ):
        context = {"size": str(size)}
        made = kms.generate_data_key(KeyId=old, EncryptionContext=context, **arguments)
        equal(len(made["Plaintext"]), size)
        moved = kms.re_encrypt(
            CiphertextBlob=made["CiphertextBlob"], SourceEncryptionContext=context, DestinationKeyId=new
        )
        equal((moved["SourceKeyId"], moved["KeyId"]), (old, new))
        equal(kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=new)["Plaintext"], made["Plaintext"])
        hidden = kms.generate_data_key_without_plaintext(KeyId=old, **arguments)
        case.assertNotIn("Plaintext", hidden)
        equal(len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]), size)
    equal(len({kms.generate_random(NumberOfBytes=1024)["Plaintext"] for _ in range(5)}), 5)


def check_threads():
    """encrypts and decrypts in twenty threads at once"""
    kms = client(max_pool_connections=20)
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(3)]

    def work(number):
        plaintext, context = os.urandom(1 + number), {"thread": str(number)}
        for arn in keys:
            blob = kms.encrypt(KeyId=arn, Plaintext=plaintext, EncryptionContext=context)["CiphertextBlob"]
            opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
            equal((opened["Plaintext"], opened["KeyId"]), (plaintext, arn))
        return number

    with ThreadPoolExecutor(20) as threads:
        equal(list(threads.map(work, range(200))), list(range(200)))


@contextmanager
def unreliable_proxy(failures):
    """A proxy whose first requests pass, or fail: `drop` hangs up, `503` answers that, `lose` hangs up afterwards."""
    server = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    left, lock = list(failures), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                failure = left.pop(0) if left else None
            if failure == "drop":
                self.close_connection = True
                return
            if failure == "503":
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            onward = http.client.HTTPConnection(server.hostname, server.port)
            onward.putrequest("POST", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                onward.putheader(name, value)
            onward.endheaders(body)
            answer = onward.getresponse()
            content = answer.read()
            onward.close()
            if failure == "lose":
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "keep-alive", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}"
        proxy.shutdown()


def check_retries():
    """gets through a network that drops, refuses and loses, by retries in standard mode"""
    arn = client().create_key()["KeyMetadata"]["Arn"]
    standard = Config(retries={"mode": "standard", "total_max_attempts": 4})
    with unreliable_proxy(["drop", "503", "lose"]) as address:
        kms = boto3.client("kms", endpoint_url=address, config=standard)
        answer = kms.encrypt(KeyId=arn, Plaintext=b"in the end")
        equal(answer["ResponseMetadata"]["RetryAttempts"], 3)
        equal(kms.decrypt(CiphertextBlob=answer["CiphertextBlob"])["Plaintext"], b"in the end")
    # A retry of what had happened already: the import whose answer was lost is taken again, with the same token.
    key_id = external_key(client())
    with unreliable_proxy(["pass", "lose"]) as address:
        kms = boto3.client("kms", endpoint_url=address, config=standard)
        equal(import_material(kms, key_id, os.urandom(32))["ResponseMetadata"]["RetryAttempts"], 1)
    with unreliable_proxy(["drop"]) as address:
        once = Config(retries={"mode": "standard", "total_max_attempts": 1})
        with raises(BotoCoreError):
            boto3.client("kms", endpoint_url=address, config=once).list_keys()


if __name__ == "__main__":
    globals()[sys.argv[1]]()
