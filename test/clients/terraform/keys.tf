data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["${local.account}:root"]
    }
  }

  statement {
    sid       = var.purpose
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.orders.arn, aws_iam_user.clerk.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:table"
      values   = ["orders"]
    }
  }
}

resource "aws_kms_key" "orders" {
  description             = var.purpose
  deletion_window_in_days = 7
  enable_key_rotation     = true
  rotation_period_in_days = var.bounded ? 180 : 365
  policy                  = data.aws_iam_policy_document.key.json

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_kms_alias" "orders" {
  name          = "alias/orders"
  target_key_id = aws_kms_key.orders.key_id
}

resource "aws_kms_grant" "orders" {
  name              = "orders"
  key_id            = aws_kms_key.orders.key_id
  grantee_principal = aws_iam_role.orders.arn
  operations        = ["Encrypt", "Decrypt", "CreateGrant", "RetireGrant"]

  constraints {
    encryption_context_subset = {
      table = "orders"
    }
  }
}

resource "aws_kms_ciphertext" "password" {
  key_id    = aws_kms_key.orders.key_id
  plaintext = "correct horse battery staple"

  context = {
    table = "orders"
  }
}

data "aws_kms_secrets" "password" {
  secret {
    name    = "password"
    payload = aws_kms_ciphertext.password.ciphertext_blob

    context = {
      table = "orders"
    }
  }
}

# Its material comes from outside.
resource "aws_kms_external_key" "imported" {
  description             = "Imported"
  deletion_window_in_days = 7
  enabled                 = var.bounded
  key_material_base64     = var.material
  valid_to                = var.valid_to

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_kms_key_policy" "imported" {
  key_id = aws_kms_external_key.imported.id
  policy = data.aws_iam_policy_document.key.json
}

resource "aws_kms_key" "everywhere" {
  description             = "Everywhere"
  deletion_window_in_days = 7
  multi_region            = true
}

resource "aws_kms_replica_key" "europe" {
  provider                = aws.europe
  description             = "Everywhere, here too"
  deletion_window_in_days = 7
  primary_key_arn         = aws_kms_key.everywhere.arn

  tags = {
    Purpose = var.purpose
  }
}

resource "aws_kms_key" "signing" {
  description              = "Signing"
  deletion_window_in_days  = 7
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}

data "aws_kms_public_key" "signing" {
  key_id = aws_kms_key.signing.arn
}

data "aws_kms_key" "orders" {
  key_id = aws_kms_alias.orders.arn
}

data "aws_kms_alias" "orders" {
  name = aws_kms_alias.orders.name
}

output "keys" {
  value = {
    everywhere = aws_kms_key.everywhere.arn
    europe     = aws_kms_replica_key.europe.arn
    imported   = aws_kms_external_key.imported.arn
    orders     = aws_kms_key.orders.arn
    signing    = aws_kms_key.signing.arn
  }
}

# One key, as found by its alias.
output "aliased" {
  value = [data.aws_kms_key.orders.arn, data.aws_kms_alias.orders.target_key_arn]
}

output "ciphertext" {
  value = aws_kms_ciphertext.password.ciphertext_blob
}

output "password" {
  value     = data.aws_kms_secrets.password.plaintext["password"]
  sensitive = true
}

output "public_key" {
  value = data.aws_kms_public_key.signing.public_key
}
