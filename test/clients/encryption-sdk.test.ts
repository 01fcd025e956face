import { suiteOfPython } from './support.ts'

await suiteOfPython('the AWS Encryption SDK for Python', 'encryption_sdk_checks.py', ['aws-encryption-sdk'])
