data "aws_iam_policy_document" "boundary" {
  statement {
    actions   = ["kms:*", "sts:*"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "list" {
  statement {
    sid       = var.purpose
    actions   = ["kms:List*", "kms:DescribeKey"]
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "encrypt" {
  statement {
    sid       = var.purpose
    actions   = ["kms:Encrypt"]
    resources = ["arn:aws:kms:*:${data.aws_caller_identity.current.account_id}:key/*"]
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    sid     = var.purpose
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_user.clerk.arn]
    }
  }

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.builds.arn]
    }

    condition {
      test     = "StringLike"
      variable = "builds.example.com/path:sub"
      values   = ["repo:orders:*"]
    }
  }
}

resource "aws_iam_openid_connect_provider" "builds" {
  url             = "https://builds.example.com/path"
  client_id_list  = ["sts.amazonaws.com", "orders-${lower(var.purpose)}"]
  thumbprint_list = [sha1(var.purpose)]

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_iam_policy" "boundary" {
  name        = "boundary"
  path        = "/boundaries/"
  description = "All that those of orders may ever do"
  policy      = data.aws_iam_policy_document.boundary.json

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_iam_policy" "list" {
  name   = "list"
  policy = data.aws_iam_policy_document.list.json
}

resource "aws_iam_user" "clerk" {
  name                 = "clerk"
  path                 = "/orders/"
  force_destroy        = true
  permissions_boundary = var.bounded ? aws_iam_policy.boundary.arn : null

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_iam_access_key" "clerk" {
  user   = aws_iam_user.clerk.name
  status = var.bounded ? "Active" : "Inactive"
}

resource "aws_iam_user_policy" "clerk" {
  name   = "encrypt"
  user   = aws_iam_user.clerk.name
  policy = data.aws_iam_policy_document.encrypt.json
}

resource "aws_iam_user_policy_attachment" "clerk" {
  user       = aws_iam_user.clerk.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_role" "orders" {
  name                  = "orders"
  path                  = "/orders/"
  description           = var.purpose
  force_detach_policies = true
  assume_role_policy    = data.aws_iam_policy_document.assume.json
  permissions_boundary  = var.bounded ? aws_iam_policy.boundary.arn : null
  max_session_duration  = var.bounded ? 7200 : 3600

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_iam_role_policy" "orders" {
  name   = "encrypt"
  role   = aws_iam_role.orders.id
  policy = data.aws_iam_policy_document.encrypt.json
}

resource "aws_iam_role_policy_attachment" "orders" {
  role       = aws_iam_role.orders.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_group" "clerks" {
  name = "clerks"
  path = var.bounded ? "/orders/" : "/"
}

resource "aws_iam_group_policy" "clerks" {
  name   = "encrypt"
  group  = aws_iam_group.clerks.name
  policy = data.aws_iam_policy_document.encrypt.json
}

resource "aws_iam_group_policy_attachment" "clerks" {
  group      = aws_iam_group.clerks.name
  policy_arn = aws_iam_policy.list.arn
}

resource "aws_iam_user_group_membership" "clerk" {
  user   = aws_iam_user.clerk.name
  groups = [aws_iam_group.clerks.name]
}

data "aws_iam_user" "clerk" {
  user_name = aws_iam_user.clerk.name
}

data "aws_iam_role" "orders" {
  name = aws_iam_role.orders.name
}

data "aws_iam_policy" "list" {
  arn = aws_iam_policy.list.arn
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}

output "clerk" {
  sensitive = true

  value = {
    arn               = data.aws_iam_user.clerk.arn
    access_key_id     = aws_iam_access_key.clerk.id
    secret_access_key = aws_iam_access_key.clerk.secret
  }
}

output "role" {
  value = data.aws_iam_role.orders.arn
}

output "policy" {
  value = {
    arn      = data.aws_iam_policy.list.arn
    document = data.aws_iam_policy.list.policy
  }
}
