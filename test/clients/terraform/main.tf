# Every resource and data source of the AWS provider that a key management service and its identities answer.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "endpoint" {
  description = "Address of the server"
}

variable "material" {
  description = "Key material to import: 32 bytes in base64"
  sensitive   = true
}

variable "valid_to" {
  description = "When the server is to forget that material; RFC 3339"
}

variable "purpose" {
  description = "In tags, descriptions and policies; another one changes all that can be changed in place"
}

variable "bounded" {
  description = "Whether the user and the role have a permissions boundary"
  type        = bool
}

# The checks that the provider makes before anything else stay on.
provider "aws" {
  region = "us-east-1"

  endpoints {
    iam = var.endpoint
    kms = var.endpoint
    sts = var.endpoint
  }

  default_tags {
    tags = {
      Stack = "orders"
    }
  }
}

provider "aws" {
  alias  = "europe"
  region = "eu-west-1"

  endpoints {
    iam = var.endpoint
    kms = var.endpoint
    sts = var.endpoint
  }
}

data "aws_caller_identity" "current" {}

locals {
  account = "arn:aws:iam::${data.aws_caller_identity.current.account_id}"
}
