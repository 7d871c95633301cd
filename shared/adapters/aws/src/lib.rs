//! The ports on AWS: DynamoDB, S3, SQS, API Gateway, KMS, SNS.
