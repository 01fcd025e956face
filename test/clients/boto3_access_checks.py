"""How a program in Python manages who may do what, and who it is itself: the check that the argument names."""

import json
import os
import sys
import threading
import unittest
from datetime import datetime, timedelta, timezone
from operator import itemgetter

import boto3
import botocore.session
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError, WaiterError

case = unittest.TestCase()
case.maxDiff = None
equal, raises = case.assertEqual, case.assertRaises

STAGE = json.loads(os.environ["STAGE"])
ACCOUNT = "000000000000"


def policy(*actions, effect="Allow", resource="*", **more):
    statement = {"Effect": effect, "Action": list(actions), "Resource": resource} | more
    return {"Version": "2012-10-17", "Statement": [statement]}


def trust(action="sts:AssumeRole", **more):
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": action} | more
    return {"Version": "2012-10-17", "Statement": [statement]}


def make_user(name, *actions, **more):
    """Gives what boto3.client() takes to be this user."""
    iam = boto3.client("iam")
    iam.create_user(UserName=name, **more)
    if actions:
        iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=json.dumps(policy(*actions)))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}


def make_role(name, *actions, trusted=None, **more):
    """Gives the ARN."""
    iam = boto3.client("iam")
    document = json.dumps(trusted or trust())
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, **more)["Role"]["Arn"]
    if actions:
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy(*actions)))
    return arn


def as_arguments(credentials):
    return {
        "aws_access_key_id": credentials["AccessKeyId"],
        "aws_secret_access_key": credentials["SecretAccessKey"],
        "aws_session_token": credentials["SessionToken"],
    }


def assume(arn, by=None, **more):
    """Gives what boto3.client() takes to be the role."""
    sts = boto3.client("sts", **(by or {}))
    return as_arguments(sts.assume_role(RoleArn=arn, **({"RoleSessionName": "python"} | more))["Credentials"])


def refused(code, call, message=None, status=None):
    """Asserts that this call is refused with this code, and with this text and status if they are given."""
    with raises(ClientError) as caught:
        call()
    error, metadata = caught.exception.response["Error"], caught.exception.response["ResponseMetadata"]
    equal(error["Code"], code, error)
    if message is not None:
        equal(error["Message"], message)
    if status is not None:
        equal(metadata["HTTPStatusCode"], status)
    case.assertRegex(metadata["RequestId"], r"^[0-9a-f-]{36}$")


def not_authorized(arn, action, rest):
    return f"User: {arn} is not authorized to perform: {action} on {rest}"


def tags(**pairs):
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def check_objects():
    """makes, reads, changes and deletes users, groups, roles and policies as objects"""
    iam = boto3.resource("iam")
    user = iam.create_user(UserName="object", Path="/made/", Tags=tags(Team="blue"))
    equal((user.arn, user.path), (f"arn:aws:iam::{ACCOUNT}:user/made/object", "/made/"))
    user.load()
    case.assertRegex(user.user_id, r"^AIDA[A-Z2-7]{16,17}$")
    case.assertLess(abs(datetime.now(timezone.utc) - user.create_date), timedelta(minutes=1))
    equal(user.tags, tags(Team="blue"))

    listing, encrypting = policy("kms:ListKeys"), policy("kms:Encrypt", "kms:Decrypt")
    inline = user.create_policy(PolicyName="list", PolicyDocument=json.dumps(listing))
    equal(inline.policy_document, listing)
    managed = iam.create_policy(
        PolicyName="object", Path="/made/", Description="first", PolicyDocument=json.dumps(encrypting)
    )
    equal(managed.arn, f"arn:aws:iam::{ACCOUNT}:policy/made/object")
    equal(managed.default_version.document, encrypting)
    user.attach_policy(PolicyArn=managed.arn)
    managed.reload()
    equal((managed.attachment_count, managed.description), (1, "first"))
    equal([attached.name for attached in managed.attached_users.all()], ["object"])
    second = managed.create_version(PolicyDocument=json.dumps(listing), SetAsDefault=False)
    equal((second.version_id, second.is_default_version), ("v2", False))
    second.set_as_default()
    equal([(v.version_id, v.is_default_version) for v in managed.versions.all()], [("v2", True), ("v1", False)])
    managed.reload()
    equal(managed.default_version.document, listing)

    pair = user.create_access_key_pair()
    mine = {"aws_access_key_id": pair.id, "aws_secret_access_key": pair.secret}
    equal(boto3.client("kms", **mine).list_keys()["ResponseMetadata"]["HTTPStatusCode"], 200)
    pair.deactivate()
    equal([(key.id, key.status) for key in user.access_keys.all()], [(pair.id, "Inactive")])
    refused("UnrecognizedClientException", boto3.client("kms", **mine).list_keys)
    iam.AccessKey("object", pair.id).activate()
    boto3.client("kms", **mine).list_keys()

    group = iam.create_group(GroupName="objects")
    group.add_user(UserName="object")
    equal([each.name for each in user.groups.all()], ["objects"])
    equal([each.name for each in group.users.all()], ["object"])
    group = group.update(NewGroupName="things", NewPath="/made/")
    equal(group.arn, f"arn:aws:iam::{ACCOUNT}:group/made/things")

    role = iam.create_role(
        RoleName="object", AssumeRolePolicyDocument=json.dumps(trust()), MaxSessionDuration=7200, Tags=tags(Team="red")
    )
    equal((role.assume_role_policy_document, role.max_session_duration), (trust(), 7200))
    narrower = trust(Principal={"AWS": user.arn})
    role.AssumeRolePolicy().update(PolicyDocument=json.dumps(narrower))
    role.reload()
    equal((role.assume_role_policy_document, role.tags), (narrower, tags(Team="red")))
    role.Policy("list").put(PolicyDocument=json.dumps(listing))
    equal([each.policy_document for each in role.policies.all()], [listing])
    role.attach_policy(PolicyArn=managed.arn)
    equal([each.arn for each in role.attached_policies.all()], [managed.arn])
    equal(list(role.instance_profiles.all()), [])
    current = iam.CurrentUser()
    equal((current.user_name, current.arn), ("administrator", f"arn:aws:iam::{ACCOUNT}:user/administrator"))

    in_use = iam.meta.client.exceptions.DeleteConflictException
    for thing in (user, role, group, managed):
        with raises(in_use):
            thing.delete()
    group.remove_user(UserName="object")
    for key in user.access_keys.all():
        key.delete()
    for holder in (user, role):
        for each in holder.policies.all():
            each.delete()
        holder.detach_policy(PolicyArn=managed.arn)
    for version in managed.versions.all():
        if not version.is_default_version:
            version.delete()
    for thing in (user, role, group, managed):
        thing.delete()
        with raises(iam.meta.client.exceptions.NoSuchEntityException):
            thing.load()
    refused("UnrecognizedClientException", boto3.client("kms", **mine).list_keys)


def check_pages():
    """walks every list with its paginator, and goes on where it stopped"""
    iam = boto3.client("iam")
    names = [f"Paged-{number}" for number in range(5)]
    document, path = json.dumps(policy("kms:ListKeys")), "/paged/"
    many = [{"Key": f"key-{number}", "Value": str(number)} for number in range(7)]
    arns = [
        iam.create_policy(PolicyName=name, Path=path, PolicyDocument=document)["Policy"]["Arn"] for name in names
    ]
    for number, name in enumerate(names):
        iam.create_user(UserName=name, Path=path)
        iam.create_group(GroupName=name, Path=path)
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(trust()))
        iam.add_user_to_group(GroupName=name, UserName=names[0])
        iam.add_user_to_group(GroupName=names[0], UserName=name)
        iam.attach_user_policy(UserName=names[0], PolicyArn=arns[number])
        iam.attach_user_policy(UserName=name, PolicyArn=arns[0])
        iam.attach_group_policy(GroupName=names[0], PolicyArn=arns[number])
        iam.attach_role_policy(RoleName=names[0], PolicyArn=arns[number])
        iam.put_user_policy(UserName=names[0], PolicyName=name, PolicyDocument=document)
        iam.put_group_policy(GroupName=names[0], PolicyName=name, PolicyDocument=document)
        iam.put_role_policy(RoleName=names[0], PolicyName=name, PolicyDocument=document)
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arns[0], PolicyDocument=document)
    iam.tag_user(UserName=names[0], Tags=many)
    iam.tag_role(RoleName=names[0], Tags=many)
    iam.tag_policy(PolicyArn=arns[0], Tags=many)
    keys = {iam.create_access_key(UserName=names[0])["AccessKey"]["AccessKeyId"] for _ in range(2)}

    by = {"PathPrefix": path}
    user, group, role = {"UserName": names[0]}, {"GroupName": names[0]}, {"RoleName": names[0]}
    of = {"PolicyArn": arns[0]}
    local = {"Scope": "Local", "OnlyAttached": True} | by
    for operation, member, field, arguments, expected in (
        ("list_users", "Users", "UserName", by, names),
        ("list_groups", "Groups", "GroupName", by, names),
        ("list_roles", "Roles", "RoleName", by, names),
        ("list_policies", "Policies", "PolicyName", local, names),
        ("get_group", "Users", "UserName", group, names),
        ("list_groups_for_user", "Groups", "GroupName", user, names),
        ("list_attached_user_policies", "AttachedPolicies", "PolicyName", user, names),
        ("list_attached_group_policies", "AttachedPolicies", "PolicyName", group, names),
        ("list_attached_role_policies", "AttachedPolicies", "PolicyArn", role, arns),
        ("list_user_policies", "PolicyNames", None, user, names),
        ("list_group_policies", "PolicyNames", None, group, names),
        ("list_role_policies", "PolicyNames", None, role, names),
        ("list_policy_versions", "Versions", "VersionId", of, ["v4", "v3", "v2", "v1"]),
        ("list_entities_for_policy", "PolicyUsers", "UserName", of, names),
        ("list_user_tags", "Tags", "Key", user, [tag["Key"] for tag in many]),
        ("list_role_tags", "Tags", "Key", role, [tag["Key"] for tag in many]),
        ("list_policy_tags", "Tags", "Key", of, [tag["Key"] for tag in many]),
    ):
        name_of = itemgetter(field) if field else str
        for size in (1, 3, 1000):
            pages, marker = [], {}
            while True:
                page = getattr(iam, operation)(**arguments, MaxItems=size, **marker)
                pages.append(page[member])
                case.assertLessEqual(len(page[member]), size)
                equal("Marker" in page, page["IsTruncated"])
                if not page["IsTruncated"]:
                    break
                marker = {"Marker": page["Marker"]}
            equal([name_of(item) for page in pages for item in page], expected, (operation, size))
        # botocore counts the items of the first list of an answer only.
        if iam.can_paginate(operation) and operation != "list_entities_for_policy":
            paginator = iam.get_paginator(operation)
            start = paginator.paginate(**arguments, PaginationConfig={"MaxItems": 3, "PageSize": 2}).build_full_result()
            on = {"StartingToken": start["NextToken"], "PageSize": 2}
            rest = paginator.paginate(**arguments, PaginationConfig=on).build_full_result()
            equal([name_of(item) for item in start[member] + rest[member]], expected, operation)
        refused("ValidationError", lambda: getattr(iam, operation)(**arguments, Marker="nonsense"), "Invalid Marker.")
    listed = iam.get_paginator("list_access_keys").paginate(**user, PaginationConfig={"PageSize": 1}).search(
        "AccessKeyMetadata[].AccessKeyId"
    )
    equal(set(listed), keys)
    every = iam.get_paginator("list_policies").paginate(Scope="AWS").search("Policies[].PolicyName")
    case.assertIn("AdministratorAccess", set(every))


def check_waiters():
    """waits for users, roles and policies that are made meanwhile, and no longer"""
    iam = boto3.client("iam")
    arn = f"arn:aws:iam::{ACCOUNT}:policy/awaited"
    soon = {"Delay": 0.05, "MaxAttempts": 200}
    for waiter, arguments, make in (
        ("user_exists", {"UserName": "awaited"}, lambda: make_user("awaited")),
        ("role_exists", {"RoleName": "awaited"}, lambda: make_role("awaited")),
        (
            "policy_exists",
            {"PolicyArn": arn},
            lambda: boto3.client("iam").create_policy(PolicyName="awaited", PolicyDocument=json.dumps(policy("kms:*"))),
        ),
    ):
        with raises(WaiterError) as caught:
            iam.get_waiter(waiter).wait(**arguments, WaiterConfig={"Delay": 0, "MaxAttempts": 2})
        case.assertIn("Max attempts exceeded", str(caught.exception))
        equal(caught.exception.last_response["Error"]["Code"], "NoSuchEntity")
        timer = threading.Timer(0.2, make)
        timer.start()
        iam.get_waiter(waiter).wait(**arguments, WaiterConfig=soon)
        timer.join()


def check_errors():
    """raises the exception that a program catches, for every refusal"""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    text = json.dumps(policy("kms:ListKeys"))
    large = json.dumps(policy(*(f"kms:{number}" for number in range(400))))
    role = make_role("errors")
    make_user("errors", "kms:ListKeys")
    iam.create_access_key(UserName="errors")
    arn = iam.create_policy(PolicyName="errors", PolicyDocument=text)["Policy"]["Arn"]
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=text)
    absent = f"arn:aws:iam::{ACCOUNT}:policy/absent"
    reserved = [{"Key": "aws:x", "Value": ""}]

    def put(document):
        return iam.put_user_policy(UserName="errors", PolicyName="bad", PolicyDocument=document)

    for service, code, status, call in (
        (iam, "NoSuchEntity", 404, lambda: iam.get_user(UserName="absent")),
        (iam, "NoSuchEntity", 404, lambda: iam.get_role(RoleName="absent")),
        (iam, "NoSuchEntity", 404, lambda: iam.get_group(GroupName="absent")),
        (iam, "NoSuchEntity", 404, lambda: iam.get_policy(PolicyArn=absent)),
        (iam, "NoSuchEntity", 404, lambda: iam.attach_user_policy(UserName="errors", PolicyArn=absent)),
        (iam, "EntityAlreadyExists", 409, lambda: iam.create_user(UserName="ERRORS")),
        (iam, "EntityAlreadyExists", 409, lambda: make_role("Errors")),
        (iam, "DeleteConflict", 409, lambda: iam.delete_user(UserName="errors")),
        (iam, "DeleteConflict", 409, lambda: iam.delete_policy_version(PolicyArn=arn, VersionId="v1")),
        (iam, "LimitExceeded", 409, lambda: iam.create_access_key(UserName="errors")),
        (iam, "LimitExceeded", 409, lambda: iam.create_policy_version(PolicyArn=arn, PolicyDocument=text)),
        (iam, "LimitExceeded", 409, lambda: put(json.dumps(policy("kms:" + "x" * 2048)))),
        (iam, "MalformedPolicyDocument", 400, lambda: put("{}")),
        (iam, "MalformedPolicyDocument", 400, lambda: put("nonsense")),
        (iam, "MalformedPolicyDocument", 400, lambda: make_role("bad", trusted=policy("sts:AssumeRole"))),
        (iam, "MalformedPolicyDocument", 400, lambda: make_role("bad", trusted=trust(Principal={"AWS": "nobody"}))),
        (iam, "InvalidInput", 400, lambda: iam.tag_user(UserName="errors", Tags=reserved)),
        (sts, "MalformedPolicyDocument", 400, lambda: assume(role, Policy="{}")),
        (sts, "PackedPolicyTooLarge", 400, lambda: assume(role, Policy=large)),
    ):
        with raises(getattr(service.exceptions, f"{code}Exception")) as caught:
            call()
        error, metadata = caught.exception.response["Error"], caught.exception.response["ResponseMetadata"]
        equal((error["Code"], error["Type"], metadata["HTTPStatusCode"]), (code, "Sender", status))
        case.assertNotEqual(error["Message"], "")

    # Codes that no model has an exception for.
    stranger = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x"}
    wrong = {"aws_access_key_id": boto3.Session().get_credentials().access_key, "aws_secret_access_key": "x"}
    nothing = make_user("powerless")
    refused("InvalidClientTokenId", boto3.client("iam", **stranger).list_users, status=403)
    refused("InvalidClientTokenId", boto3.client("sts", **stranger).get_caller_identity, status=403)
    refused("SignatureDoesNotMatch", boto3.client("iam", **wrong).list_users, status=403)
    refused("ValidationError", lambda: iam.create_user(UserName="no spaces"), status=400)
    refused("ValidationError", lambda: assume(role, DurationSeconds=43_201), status=400)
    refused("InvalidAction", iam.list_saml_providers, status=400)
    refused(
        "AccessDenied",
        boto3.client("iam", **nothing).list_users,
        not_authorized(
            f"arn:aws:iam::{ACCOUNT}:user/powerless",
            "iam:ListUsers",
            f"resource: arn:aws:iam::{ACCOUNT}:user/ because no identity-based policy allows the iam:ListUsers action",
        ),
        403,
    )
    refused(
        "AccessDenied",
        lambda: assume(role, by=nothing),
        not_authorized(f"arn:aws:iam::{ACCOUNT}:user/powerless", "sts:AssumeRole", f"resource: {role}"),
        403,
    )


def check_policies():
    """follows every change of a policy with the next call, and says what was lacking"""
    iam, kms = boto3.client("iam"), boto3.client("kms")
    mine = make_user("follower")
    me = f"arn:aws:iam::{ACCOUNT}:user/follower"
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    follower = boto3.client("kms", **mine)

    def encrypt():
        return follower.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"table": "orders"})

    def denied(reason):
        refused("AccessDeniedException", encrypt, not_authorized(me, "kms:Encrypt", f"resource: {arn} {reason}"), 400)

    unallowed = "because no {} allows the kms:Encrypt action"
    denied(unallowed.format("identity-based policy"))
    orders = {"Condition": {"StringEquals": {"kms:EncryptionContext:table": "orders"}}}
    document = json.dumps(policy("kms:Encrypt", resource=arn, **orders))
    iam.put_user_policy(UserName="follower", PolicyName="encrypt", PolicyDocument=document)
    encrypt()
    with raises(follower.exceptions.ClientError):
        follower.encrypt(KeyId=arn, Plaintext=b"x", EncryptionContext={"table": "customers"})
    boundary = iam.create_policy(PolicyName="follower", PolicyDocument=json.dumps(policy("kms:Decrypt")))["Policy"]
    iam.put_user_permissions_boundary(UserName="follower", PermissionsBoundary=boundary["Arn"])
    denied(unallowed.format("permissions boundary"))
    iam.create_policy_version(
        PolicyArn=boundary["Arn"], PolicyDocument=json.dumps(policy("kms:*")), SetAsDefault=True
    )
    encrypt()
    iam.create_group(GroupName="followers")
    iam.put_group_policy(
        GroupName="followers", PolicyName="no", PolicyDocument=json.dumps(policy("kms:Encrypt", effect="Deny"))
    )
    iam.add_user_to_group(GroupName="followers", UserName="follower")
    denied("with an explicit deny in an identity-based policy")
    iam.remove_user_from_group(GroupName="followers", UserName="follower")
    encrypt()

    original = kms.get_key_policy(KeyId=arn)["Policy"]
    without = json.loads(original)
    without["Statement"].append({"Effect": "Deny", "Principal": {"AWS": me}, "Action": "kms:Encrypt", "Resource": "*"})
    kms.put_key_policy(KeyId=arn, Policy=json.dumps(without))
    denied("with an explicit deny in a resource-based policy")
    # A key policy that names the user is enough, without a word in its own policies.
    iam.delete_user_policy(UserName="follower", PolicyName="encrypt")
    without["Statement"][-1]["Effect"] = "Allow"
    kms.put_key_policy(KeyId=arn, Policy=json.dumps(without))
    encrypt()
    kms.put_key_policy(KeyId=arn, Policy=original)
    denied(unallowed.format("identity-based policy"))


def check_roles():
    """assumes roles, with tags, session policies, external ids, and from one to the next"""
    kms, sts = boto3.client("kms"), boto3.client("sts")
    key = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "blue"}])["KeyMetadata"]["Arn"]
    by_tag = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    tagging = trust(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
    arn = make_role("worker", trusted=tagging)
    boto3.client("iam").put_role_policy(
        RoleName="worker",
        PolicyName="team",
        PolicyDocument=json.dumps(policy("kms:Encrypt", "kms:GenerateDataKey", Condition=by_tag)),
    )
    answer = sts.assume_role(
        RoleArn=arn,
        RoleSessionName="blue",
        DurationSeconds=900,
        Tags=tags(team="blue"),
        TransitiveTagKeys=["team"],
        SourceIdentity="ana",
    )
    session_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/blue"
    equal(answer["AssumedRoleUser"]["Arn"], session_arn)
    equal(answer["SourceIdentity"], "ana")
    case.assertGreater(answer["PackedPolicySize"], 0)
    lasts = answer["Credentials"]["Expiration"] - datetime.now(timezone.utc)
    case.assertLess(abs(lasts - timedelta(seconds=900)), timedelta(minutes=1))
    blue = as_arguments(answer["Credentials"])
    identity = boto3.client("sts", **blue).get_caller_identity()
    equal((identity["Arn"], identity["UserId"]), (session_arn, answer["AssumedRoleUser"]["AssumedRoleId"]))
    worker = boto3.client("kms", **blue)
    worker.encrypt(KeyId=key, Plaintext=b"x")
    red = boto3.client("kms", **assume(arn, Tags=tags(team="red")))
    red_arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/python"
    refused(
        "AccessDeniedException",
        lambda: red.encrypt(KeyId=key, Plaintext=b"x"),
        not_authorized(
            red_arn,
            "kms:Encrypt",
            f"resource: {key} because no identity-based policy allows the kms:Encrypt action",
        ),
    )

    narrow = boto3.client("kms", **assume(arn, Tags=tags(team="blue"), Policy=json.dumps(policy("kms:Encrypt"))))
    narrow.encrypt(KeyId=key, Plaintext=b"x")
    refused(
        "AccessDeniedException",
        lambda: narrow.generate_data_key(KeyId=key, KeySpec="AES_256"),
        not_authorized(
            red_arn,
            "kms:GenerateDataKey",
            f"resource: {key} because no session policy allows the kms:GenerateDataKey action",
        ),
    )
    power_user = "arn:aws:iam::aws:policy/AWSKeyManagementServicePowerUser"
    managed = boto3.client("kms", **assume(arn, Tags=tags(team="blue"), PolicyArns=[{"arn": power_user}]))
    refused("AccessDeniedException", lambda: managed.encrypt(KeyId=key, Plaintext=b"x"))

    condition = {"StringEquals": {"sts:ExternalId": "secret-ish", "aws:PrincipalTag/team": "blue"}}
    second = make_role(
        "second",
        "kms:ListKeys",
        "sts:GetAccessKeyInfo",
        trusted=trust(["sts:AssumeRole", "sts:TagSession"], Condition=condition),
    )
    boto3.client("iam").put_role_policy(
        RoleName="worker", PolicyName="on", PolicyDocument=json.dumps(policy("sts:*", resource=second))
    )
    refused("AccessDenied", lambda: assume(second, by=blue), status=403)
    # The tag goes along, though not even the source identity is let through.
    refused("AccessDenied", lambda: assume(second, by=blue, ExternalId="secret-ish"), status=403)
    tagged = assume(arn, Tags=tags(team="blue"), TransitiveTagKeys=["team"])
    refused("ValidationError", lambda: assume(second, by=tagged, ExternalId="secret-ish", DurationSeconds=3601))
    refused("InvalidParameterValue", lambda: assume(second, by=tagged, Tags=tags(Team="red"), ExternalId="secret-ish"))
    chained = assume(second, by=tagged, ExternalId="secret-ish")
    boto3.client("kms", **chained).list_keys()
    access_key = boto3.Session().get_credentials().access_key
    equal(boto3.client("sts", **chained).get_access_key_info(AccessKeyId=access_key)["Account"], ACCOUNT)

    # Rights are those of the moment, and end with the role.
    boto3.client("iam").delete_role_policy(RoleName="worker", PolicyName="team")
    refused("AccessDeniedException", lambda: worker.encrypt(KeyId=key, Plaintext=b"x"))
    boto3.client("iam").delete_role_policy(RoleName="second", PolicyName="all")
    boto3.client("iam").delete_role(RoleName="second")
    refused("UnrecognizedClientException", boto3.client("kms", **chained).list_keys)
    make_role("second", "kms:ListKeys")
    refused("UnrecognizedClientException", boto3.client("kms", **chained).list_keys)


def check_session_tokens():
    """is a user by a session token, but for IAM and most of STS; refuses changed and expired ones"""
    mine = make_user("session", "kms:ListKeys", "iam:*")
    given = boto3.client("sts", **mine).get_session_token(DurationSeconds=900)["Credentials"]
    session = as_arguments(given)
    equal(boto3.client("sts", **session).get_caller_identity()["Arn"], f"arn:aws:iam::{ACCOUNT}:user/session")
    boto3.client("kms", **session).list_keys()
    refused("InvalidClientTokenId", boto3.client("iam", **session).list_users, status=403)
    refused("AccessDenied", boto3.client("sts", **session).get_session_token, status=403)

    token = session["aws_session_token"]
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    without = {name: value for name, value in session.items() if name != "aws_session_token"}
    for bad in (session | {"aws_session_token": changed}, without, mine | {"aws_session_token": token}):
        refused("UnrecognizedClientException", boto3.client("kms", **bad).list_keys, status=400)

    text = "The security token included in the request is expired"
    expired = STAGE["expired"]
    refused("ExpiredTokenException", boto3.client("kms", **expired).list_keys, text, 400)
    refused("ExpiredToken", boto3.client("sts", **expired).get_caller_identity, text, 403)
    refused("ExpiredToken", boto3.client("iam", **expired).list_users, text, 403)


def kms_of(session):
    return boto3.Session(botocore_session=session).client("kms")


def check_refreshing():
    """renews credentials of a role by itself, when they have expired or soon will"""
    arn = make_role("renewed", "kms:ListKeys")
    calls = []

    def renew():
        calls.append(1)
        given = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="renewed")["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    expired = STAGE["expired"]
    stale = {
        "access_key": expired["aws_access_key_id"],
        "secret_key": expired["aws_secret_access_key"],
        "token": expired["aws_session_token"],
        "expiry_time": (datetime.now(timezone.utc) - timedelta(minutes=5)).isoformat(),
    }
    session = botocore.session.get_session()
    session._credentials = RefreshableCredentials.create_from_metadata(stale, renew, "sts-assume-role")
    kms = kms_of(session)
    kms.list_keys()
    kms.list_keys()
    equal(len(calls), 1)
    sts = boto3.Session(botocore_session=session).client("sts")
    equal(sts.get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/renewed/renewed")

    # The shortest sessions are always about to expire, to the eyes of botocore.
    write_config("short", role_arn=arn, source_profile="default", duration_seconds=900)
    session = botocore.session.Session(profile="short")
    kms, seen = kms_of(session), set()
    for _ in range(3):
        kms.list_keys()
        seen.add(session.get_credentials().get_frozen_credentials().access_key)
    equal(len(seen), 3)


def write_config(profile, **settings):
    """Adds a profile to a file of its own, which new sessions read."""
    path = os.path.abspath("config")
    with open(path, "a", encoding="utf-8") as file:
        file.write("".join([f"[profile {profile}]\n", *(f"{name} = {value}\n" for name, value in settings.items())]))
    os.environ["AWS_CONFIG_FILE"] = path


def check_profiles():
    """assumes the roles of profiles by itself, also one by way of another"""
    condition = {"StringEquals": {"sts:ExternalId": "external", "sts:RoleSessionName": "nightly"}}
    first = make_role("first-profile", "kms:ListKeys", trusted=trust(Condition=condition))
    second = make_role("second-profile", "kms:ListAliases", trusted=trust(Principal={"AWS": first}))
    boto3.client("iam").put_role_policy(
        RoleName="first-profile", PolicyName="on", PolicyDocument=json.dumps(policy("sts:AssumeRole", resource=second))
    )
    own = {"role_arn": first, "source_profile": "default", "external_id": "external"}
    write_config("first", **own, role_session_name="nightly")
    write_config("unnamed", **own)
    write_config("second", role_arn=second, source_profile="first", role_session_name="by-way")

    for profile, arn in (("first", "first-profile/nightly"), ("second", "second-profile/by-way")):
        session = boto3.Session(profile_name=profile)
        equal(session.client("sts").get_caller_identity()["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/{arn}")
    boto3.Session(profile_name="first").client("kms").list_keys()
    second_kms = boto3.Session(profile_name="second").client("kms")
    second_kms.list_aliases()
    refused("AccessDeniedException", second_kms.list_keys)
    refused("AccessDenied", boto3.Session(profile_name="unnamed").client("kms").list_keys, status=403)


def check_web_identity():
    """assumes a role with a token in a file by itself, as the environment or a profile says"""
    iam, sts = boto3.client("iam"), boto3.client("sts")
    url, audience = STAGE["issuer"], STAGE["audience"]
    provider = iam.create_open_id_connect_provider(Url=url, ClientIDList=[audience])["OpenIDConnectProviderArn"]
    name = url.removeprefix("https://")
    equal(provider, f"arn:aws:iam::{ACCOUNT}:oidc-provider/{name}")
    equal([each["Arn"] for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]], [provider])
    described = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
    equal((described["Url"], described["ClientIDList"]), (name, [audience]))

    def trusted(subject):
        condition = {"StringEquals": {f"{name}:aud": audience}, "StringLike": {f"{name}:sub": subject}}
        return trust("sts:AssumeRoleWithWebIdentity", Principal={"Federated": provider}, Condition=condition)

    arn = make_role("web", "kms:ListKeys", trusted=trusted("repo:example/*"))
    other = make_role("other-web", "kms:ListKeys", trusted=trusted("repo:another/*"))

    def path(token):
        return os.path.join(STAGE["tokens"], f"{token}.jwt")

    def read(token):
        with open(path(token), encoding="ascii") as file:
            return file.read()

    def direct(role, token):
        return sts.assume_role_with_web_identity(RoleArn=role, RoleSessionName="direct", WebIdentityToken=token)

    answer = direct(arn, read("valid"))
    equal((answer["Provider"], answer["Audience"]), (provider, audience))
    equal(answer["SubjectFromWebIdentityToken"], "repo:example/app")
    errors = sts.exceptions
    for expected, role, token in (
        (errors.ExpiredTokenException, arn, read("expired")),
        (errors.InvalidIdentityTokenException, arn, read("foreign")),
        (errors.InvalidIdentityTokenException, arn, read("valid")[:-8] + "AAAAAAAA"),
        (errors.InvalidIdentityTokenException, arn, "nonsense"),
    ):
        with raises(expected):
            direct(role, token)
    denied = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    refused("AccessDenied", lambda: direct(other, read("valid")), denied, 403)
    refused("AccessDenied", lambda: direct(arn + "-absent", read("valid")), denied, 403)

    def caller(session):
        session.client("kms").list_keys()
        return session.client("sts").get_caller_identity()["Arn"]

    assumed = f"arn:aws:sts::{ACCOUNT}:assumed-role/web/"
    write_config("web", role_arn=arn, web_identity_token_file=path("valid"), role_session_name="by-profile")
    equal(caller(boto3.Session(profile_name="web")), f"{assumed}by-profile")
    # As in a container, which has nothing else.
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = "/nonexistent"
    environment = {"AWS_ROLE_ARN": arn, "AWS_ROLE_SESSION_NAME": "by-environment"}
    os.environ.update(environment | {"AWS_WEB_IDENTITY_TOKEN_FILE": path("valid")})
    equal(caller(boto3.Session()), f"{assumed}by-environment")
    os.environ["AWS_WEB_IDENTITY_TOKEN_FILE"] = path("expired")
    refused("ExpiredTokenException", boto3.Session().client("kms").list_keys, status=400)


def check_grants():
    """hands rights on by grants, with and without a grant token, and takes them back"""
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    mine = make_user("grantee")
    me = f"arn:aws:iam::{ACCOUNT}:user/grantee"
    grantee = boto3.client("kms", **mine)
    context = {"table": "orders"}

    def encrypt(**more):
        return grantee.encrypt(**({"KeyId": key, "Plaintext": b"x", "EncryptionContext": context} | more))

    refused("AccessDeniedException", encrypt)
    grant = kms.create_grant(
        KeyId=key,
        GranteePrincipal=me,
        Operations=["Encrypt", "Decrypt", "RetireGrant", "CreateGrant"],
        Constraints={"EncryptionContextSubset": context},
    )
    # It counts at once; whoever sends the token may.
    blob = encrypt()["CiphertextBlob"]
    equal(encrypt(GrantTokens=[grant["GrantToken"]])["KeyId"], key)
    equal(grantee.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"], b"x")
    refused("AccessDeniedException", lambda: encrypt(EncryptionContext={}))
    refused("AccessDeniedException", lambda: grantee.generate_data_key(KeyId=key, KeySpec="AES_256"))
    with raises(grantee.exceptions.InvalidGrantTokenException):
        encrypt(GrantTokens=["nonsense"])

    # A token is no right of whoever has it.
    make_role("child", "kms:ListKeys")
    child = boto3.client("kms", **assume(f"arn:aws:iam::{ACCOUNT}:role/child"))
    decrypt = {"CiphertextBlob": blob, "EncryptionContext": context, "GrantTokens": [grant["GrantToken"]]}
    refused("AccessDeniedException", lambda: child.decrypt(**decrypt))
    constraints = {"EncryptionContextEquals": context}
    handed_on = grantee.create_grant(
        KeyId=key,
        GranteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/child",
        Operations=["Decrypt"],
        Constraints=constraints,
    )
    equal(child.decrypt(**decrypt)["Plaintext"], b"x")
    refused(
        "AccessDeniedException",
        lambda: grantee.create_grant(KeyId=key, GranteePrincipal=me, Operations=["GenerateDataKey"]),
    )

    listed = kms.get_paginator("list_grants").paginate(KeyId=key, PaginationConfig={"PageSize": 1})
    found = {each["GrantId"]: each for page in listed for each in page["Grants"]}
    equal(set(found), {grant["GrantId"], handed_on["GrantId"]})
    equal(found[handed_on["GrantId"]]["Constraints"], constraints)
    grantee.retire_grant(GrantToken=grant["GrantToken"])
    refused("AccessDeniedException", encrypt)
    kms.revoke_grant(KeyId=key, GrantId=handed_on["GrantId"])
    refused("AccessDeniedException", lambda: child.decrypt(**decrypt | {"GrantTokens": []}))
    with raises(kms.exceptions.NotFoundException):
        kms.revoke_grant(KeyId=key, GrantId=handed_on["GrantId"])


def check_accounts():
    """uses a key and a role of another account, if both sides let it"""
    kms, iam = boto3.client("kms"), boto3.client("iam")
    stranger = STAGE["stranger"]
    other = boto3.client("sts", **stranger).get_caller_identity()
    equal((other["Account"], other["Arn"]), ("111122223333", "arn:aws:iam::111122223333:user/stranger"))
    equal(boto3.client("kms", **stranger).list_keys()["Keys"], [])
    equal([user["UserName"] for user in boto3.client("iam", **stranger).list_users()["Users"]], ["stranger"])

    key = kms.create_key()["KeyMetadata"]["Arn"]
    absent = key[:-12] + "0" * 12
    foreign = boto3.client("kms", **stranger)
    text = not_authorized(
        other["Arn"],
        "kms:Encrypt",
        "this resource because the resource does not exist in this Region, no resource-based policies allow access, "
        "or a resource-based policy explicitly denies access",
    )
    for arn in (key, absent):
        refused("AccessDeniedException", lambda: foreign.encrypt(KeyId=arn, Plaintext=b"x"), text, 400)
    with raises(foreign.exceptions.NotFoundException):
        foreign.encrypt(KeyId=key.rsplit("/", 1)[1], Plaintext=b"x")
    document = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
    actions = ["kms:Encrypt", "kms:Decrypt", "kms:DescribeKey"]
    statement = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": actions, "Resource": "*"}
    document["Statement"].append(statement)
    kms.put_key_policy(KeyId=key, Policy=json.dumps(document))
    blob = foreign.encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    equal(foreign.decrypt(CiphertextBlob=blob)["KeyId"], key)
    equal(kms.decrypt(CiphertextBlob=blob)["Plaintext"], b"x")
    equal(foreign.describe_key(KeyId=key)["KeyMetadata"]["AWSAccountId"], ACCOUNT)
    refused("AccessDeniedException", lambda: foreign.schedule_key_deletion(KeyId=key))
    # Its own policies must allow it as well.
    iam_there = boto3.client("iam", **stranger)
    iam_there.create_user(UserName="powerless")
    pair = iam_there.create_access_key(UserName="powerless")["AccessKey"]
    powerless = {"aws_access_key_id": pair["AccessKeyId"], "aws_secret_access_key": pair["SecretAccessKey"]}
    refused("AccessDeniedException", lambda: boto3.client("kms", **powerless).encrypt(KeyId=key, Plaintext=b"x"))
    # A grant needs no word of theirs.
    arn = "arn:aws:iam::111122223333:user/powerless"
    kms.create_grant(KeyId=key, GranteePrincipal=arn, Operations=["Encrypt"])
    boto3.client("kms", **powerless).encrypt(KeyId=key, Plaintext=b"x")

    role = make_role("visited", "kms:ListKeys", trusted=trust(Principal={"AWS": other["Arn"]}))
    visitor = assume(role, by=stranger)
    equal(boto3.client("sts", **visitor).get_caller_identity()["Account"], ACCOUNT)
    case.assertIn(key, [each["KeyArn"] for each in boto3.client("kms", **visitor).list_keys()["Keys"]])
    refused("AccessDenied", lambda: assume(role, by=powerless), status=403)
    refused("AccessDenied", lambda: assume(role), status=403)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
