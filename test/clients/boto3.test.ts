import { suiteOfPython } from './support.ts'

await suiteOfPython('boto3', 'boto3_checks.py', ['boto3'])
